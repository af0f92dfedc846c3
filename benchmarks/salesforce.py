"""Salesforce by Bulk API 2.0: a large load against a bare script that does the same calls."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import requests
import yaml

from benchmarks.mart import project_folder
from benchmarks.report import REPO, RESULTS, Cell, Section, Spread, ratio

MODEL = "salesforce__product_usage"
MOST_TIMES_THE_FLOOR = 1.25
PERIODS, USE_CASES = 20, ("scm", "ci", "devsecops", "cd")
_CONTRACT = REPO / "models" / "marts" / "publish" / "salesforce" / f"{MODEL}.yml"
_ACCOUNT = "'001' || lpad(cast(i as varchar), 12, '0') || 'AAA'"
_ROWS = """
create table salesforce__product_usage as
select
    {account} || '/' || day || '/' || use_case as usage_key, {account} as account_id, day as period_start,
    p < 19 as is_complete_period, use_case, upper(use_case) as use_case_label, 'adopted' as adoption_status,
    case when i % 7 > 0 then round(25 + (i * 31 + p * 7) % 63 + 0.25, 2) end as score,
    case when i % 7 > 0 then 'green' end as color, case when i % 7 = 0 then 'no_ping' end as unscored_reason,
    date '2026-06-30' as as_of, 'bench' as run_id
from range({accounts}) r(i), range(20) s(p), unnest(['scm', 'ci', 'devsecops', 'cd']) u(use_case),
    lateral (select cast(date '2025-01-01' + to_months(cast(p as integer)) as date) as day) d
"""


def run(quick: bool) -> list[Section]:
    """Measure; quick is a few seconds, and its numbers say little."""
    rows, rounds = (4_000, 1) if quick else (100_000, 3)
    folder = RESULTS / "salesforce"
    found: dict[str, list[float]] = {"bare": [], "loader": []}
    busy: dict[str, list[float]] = {"bare": [], "loader": []}
    calls: dict[str, int] = {}
    try:
        for number in range(rounds):
            for name in ("bare", "loader") if number % 2 == 0 else ("loader", "bare"):
                make_project(folder, rows)
                with org(folder, rows) as url:
                    seconds, processor = _measured(name, folder, url)
                    found[name].append(seconds)
                    busy[name].append(processor)
                    calls[name], there = _counted(url)
                    if there != rows:
                        raise RuntimeError(f"{name}: {there} of {rows} rows arrived")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    bare, ours = (Spread(tuple(found[name])) for name in ("bare", "loader"))
    times = ratio(ours, bare)
    cells: list[list[Cell]] = [
        ["bare script (the floor)", bare, Spread(tuple(busy["bare"])), round(rows / bare.median), calls["bare"], None],
        ["**ours**", ours, Spread(tuple(busy["loader"])), round(rows / ours.median), calls["loader"], times],
    ]
    return [
        Section(
            title=f"{rows:,} rows by Bulk API 2.0",
            compared="The server is the local Salesforce, a process of its own and a new one for each run. Rows are"
            " those of `salesforce__product_usage`. The bare script has DuckDB write the file, makes the job, uploads,"
            " polls twice a second, reads the three results and looks at none of their rows. Ours asks for the quota"
            " and the metadata and looks the accounts up besides, ties each row to its result and records it"
            f" (`--no-gate`, for there is no dbt run). {rounds} rounds, the order turned each time.",
            columns=["client", "whole process", "its processor time", "rows a second", "calls", "times the floor"],
            rows=cells,
            target=f"at most {MOST_TIMES_THE_FLOOR} times the bare script",
            met=times.median <= MOST_TIMES_THE_FLOOR,
            explanation="What is over the floor is ours: the diff, the rows' JSON, their results and the state take the"
            " processor for this long, and only what is done while the server works on an earlier file costs nothing."
            " The server needs about 6 s of the processor for its own part; an org that is slower hides more of ours.",
        )
    ]


def make_project(folder: Path, rows: int) -> None:
    """A folder with a manifest, a profile and a DuckDB file of so many rows, nothing published."""
    contract = _CONTRACT.read_text(encoding="utf-8").replace("{{ var('salesforce_account_field') }}", "Id")
    project_folder(folder, contract)
    with duckdb.connect(str(folder / "mart.duckdb")) as connection:
        connection.execute(_ROWS.format(account=_ACCOUNT, accounts=_accounts(rows)))


@contextmanager
def org(folder: Path, rows: int) -> Iterator[str]:
    """A local Salesforce in a process of its own; its address."""
    command = [sys.executable, "-m", "benchmarks.salesforce", "serve", str(folder), str(_accounts(rows))]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO)
    try:
        yield server.stdout.readline().strip() if server.stdout else ""
    finally:
        server.communicate(timeout=60)


def serve(folder: Path, accounts: int) -> None:
    """Be that process, until its standard input ends."""
    from sandbox.salesforce import Org

    with duckdb.connect() as connection:
        ids = connection.execute(f"select {_ACCOUNT} from range({accounts}) r(i)").fetchall()
    with Org(folder / "org.sqlite") as served:
        served.provision(folder / "target" / "manifest.json")
        served.insert("Account", [{"Id": each, "Name": each} for (each,) in ids])
        print(served.url, flush=True)
        sys.stdin.read()


def bare(folder: Path, url: str) -> None:
    """The floor: file, job, upload, poll, results; no state, no look at a row."""
    session, base = requests.Session(), f"{url}/services/data/v67.0/jobs/ingest"
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
    token = session.post(f"{url}/services/oauth2/token", data=form, timeout=60).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    fields: dict[str, str] = yaml.safe_load(_CONTRACT.read_text(encoding="utf-8"))["models"][0]["config"]["meta"][
        "publish"
    ]["fields"]
    columns = ", ".join(f"{c} as {f}" for c, f in fields.items())
    file = folder / "rows.csv"
    with duckdb.connect(str(folder / "mart.duckdb")) as connection:
        query = f"select {columns}, account_id as Account__c from {MODEL}"
        connection.execute(f"copy ({query}) to '{file}' (header, nullstr '#N/A')")
    job: dict[str, Any] = {"object": "Product_Usage__c", "operation": "upsert", "externalIdFieldName": "Usage_Key__c"}
    job_id = session.post(base, json={**job, "contentType": "CSV", "lineEnding": "LF"}, timeout=60).json()["id"]
    kind = {"Content-Type": "text/csv"}
    session.put(f"{base}/{job_id}/batches", data=file.read_bytes(), headers=kind, timeout=60).raise_for_status()
    session.patch(f"{base}/{job_id}", json={"state": "UploadComplete"}, timeout=60).raise_for_status()
    while session.get(f"{base}/{job_id}", timeout=60).json()["state"] not in ("JobComplete", "Failed"):
        time.sleep(0.5)
    for results in ("successfulResults", "failedResults", "unprocessedrecords"):
        session.get(f"{base}/{job_id}/{results}/", timeout=60).raise_for_status()


def _measured(name: str, folder: Path, url: str) -> tuple[float, float]:
    """Seconds of a client's whole process, and those that it had the processor."""
    ours = [sys.executable, "-m", "loader", "--project-dir", str(folder), "--profiles-dir", str(folder), "publish"]
    bare_one = [sys.executable, "-m", "benchmarks.salesforce", "bare", str(folder), url]
    settings = {"BASE_URL": url, "CLIENT_ID": "local", "CLIENT_SECRET": "local"}
    env = {**os.environ, **{f"SALESFORCE_{key}": value for key, value in settings.items()}}
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = bare_one if name == "bare" else [*ours, "--no-gate"]
    subprocess.run(command, env=env, cwd=REPO, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, processor


def _counted(url: str) -> tuple[int, int]:
    """Calls that the org has had, and rows that it has."""
    form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
    token = requests.post(f"{url}/services/oauth2/token", data=form, timeout=60).json()["access_token"]
    query = {"q": "SELECT COUNT() FROM Product_Usage__c"}
    head = {"Authorization": f"Bearer {token}"}
    reply = requests.get(f"{url}/services/data/v67.0/query", params=query, headers=head, timeout=60)
    used = int(reply.headers["Sforce-Limit-Info"].partition("=")[2].partition("/")[0]) - 1
    return used, int(reply.json()["totalSize"])


def _accounts(rows: int) -> int:
    return rows // (PERIODS * len(USE_CASES))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        bare(Path(sys.argv[2]), sys.argv[3])
