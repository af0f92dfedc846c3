"""The demo behind `make demo`: sample data, `dbt build`, a local Gainsight, Salesforce and Marketo, `publish`, what
people do then (label instances, look at their calls to action), `pull-labels`, and a summary.

Everything runs on this machine. The sandbox counts its limit of calls in windows of five seconds instead of the
vendor's sixty, so that nobody waits; the loader is told so by GAINSIGHT_WINDOW_SECONDS.
"""

from __future__ import annotations

import csv
import json
import os
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

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
RAW = PROJECT / "sample" / "raw"
WINDOW_SECONDS = "5"
SANDBOX_FOLDER = PROJECT / ".sandbox"
LABELLED, CALLS_SHOWN = 5, 5
OURS = ("GAINSIGHT_", "SALESFORCE_", "MARKETO_")
"""What the names of the destinations' settings begin with: the demo's run keeps to its own."""


class DemoError(Exception):
    """A step of the demo failed; the message names the step and where to look."""


def step(title: str) -> None:
    """Prints the heading of a step."""
    print(f"\n== {title}", flush=True)


def run(title: str, command: list[str], environment: dict[str, str]) -> None:
    """Runs one command of the demo, its output shown.

    Raises:
        DemoError: it ended with another status than 0.
    """
    status = subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode  # noqa: S603
    if status:
        raise DemoError(f"{title} ended with exit code {status}; its own message stands above")


def make_sample(environment: dict[str, str]) -> str:
    """Makes the sample data if it is not there and returns the day it was made for, which is the demo's clock."""
    if not (RAW / "truth.json").exists():
        run("sample", [sys.executable, "-m", "sample", "--out", str(RAW)], environment)
    else:
        print("sample/raw is there already")
    return str(json.loads((RAW / "truth.json").read_text(encoding="utf-8"))["as_of"])


@contextmanager
def served(name: str, options: list[str], environment: dict[str, str]) -> Iterator[str]:
    """Serves one local system; yields its address. Its rows stay in .sandbox."""
    SANDBOX_FOLDER.mkdir(exist_ok=True)
    log_path = SANDBOX_FOLDER / f"{name.lower()}.log"
    command = [sys.executable, "-m", "sandbox", *options, "--port", "0"]
    with log_path.open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        url = wait_for_url(server, log_path)
        print(f"{name:<10} {url}, rows in {SANDBOX_FOLDER.name}/{name.lower()}.sqlite")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def an_owner(accounts: Path) -> str:
    """The e-mail of somebody who looks after accounts: calls to action without an owner go there."""
    with accounts.open(encoding="utf-8", newline="") as file:
        return min(email for row in csv.DictReader(file) if (email := (row["csm_email"] or "").strip()))


@contextmanager
def systems(environment: dict[str, str], as_of: str) -> Iterator[dict[str, str]]:
    """Serves a local Gainsight, Salesforce and Marketo; yields the loader's environment. In Gainsight it is the mart's
    day, so that labels that are given there count from that day on."""
    metadata = SANDBOX_FOLDER / "metadata"
    shutil.rmtree(metadata, ignore_errors=True)
    write = [sys.executable, "-m", "loader", "--target", "duckdb", "metadata", "salesforce", "--out", str(metadata)]
    run("metadata", write, environment)
    accounts = str(RAW / "accounts.csv")
    gainsight = ["--window-seconds", WINDOW_SECONDS, "--manifest", "target/manifest.json", "--companies", accounts]
    gainsight += ["--as-of", as_of]
    salesforce = ["salesforce", "--metadata", str(metadata), "--accounts", accounts]
    marketo = ["marketo", "--manifest", "target/manifest.json"]
    with (
        served("Gainsight", gainsight, environment) as first,
        served("Salesforce", salesforce, environment) as second,
        served("Marketo", marketo, environment) as third,
    ):
        yield {
            **environment,
            "GAINSIGHT_BASE_URL": first,
            "GAINSIGHT_CONNECTION": "demo",
            "GAINSIGHT_WINDOW_SECONDS": WINDOW_SECONDS,
            "GAINSIGHT_ACCESS_KEY": (SANDBOX_FOLDER / "access_key").read_text(encoding="utf-8").strip(),
            "GAINSIGHT_CTA_OWNER": an_owner(RAW / "accounts.csv"),
            "GAINSIGHT_CTA_PER_RUN": "1000",
            "SALESFORCE_BASE_URL": second,
            "SALESFORCE_CONNECTION": "demo",
            "SALESFORCE_CLIENT_ID": "local",
            "SALESFORCE_CLIENT_SECRET": "local",
            "MARKETO_BASE_URL": third,
            "MARKETO_CONNECTION": "demo",
            "MARKETO_CLIENT_ID": "local",
            "MARKETO_CLIENT_SECRET": "local",
        }


def wait_for_url(server: subprocess.Popen[bytes], log_path: Path) -> str:
    """The address that the sandbox prints once it listens.

    Raises:
        DemoError: it did not come up within 20 seconds.
    """
    for _ in range(200):
        words = log_path.read_text(encoding="utf-8").split()
        url = next((word.rstrip("/.,") for word in words if word.startswith("http://127.0.0.1:")), None)
        if url and requests.get(url, timeout=5).ok:
            return url
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise DemoError(f"the sandbox did not start; see {log_path}")


class Tenant:
    """The local Gainsight, as somebody sees it who works there."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.url = environment["GAINSIGHT_BASE_URL"]
        self._headers = {"Accesskey": environment["GAINSIGHT_ACCESS_KEY"], "Accept": "application/json"}

    def read(self, name: str, select: list[str], condition: dict[str, Any] | None = None, **more: Any) -> list[Any]:
        """Records of an object."""
        body: dict[str, Any] = {"select": select, **more}
        if condition:
            body["where"] = {"conditions": [{**condition, "alias": "A"}], "expression": "A"}
        reply = self._call("POST", f"query/{name}", body)
        return list(reply["data"]["records"])

    def change(self, name: str, records: list[dict[str, Any]]) -> None:
        """Change records by their ids."""
        self._call("PUT", f"{name}?keys=Gsid", {"records": records})

    def _call(self, method: str, path: str, body: dict[str, Any]) -> Any:
        url = f"{self.url}/v1/data/objects/{path}"
        reply = requests.request(method, url, json=body, headers=self._headers, timeout=10)
        for _ in range(3):  # the window of calls is the loader's, too
            if reply.status_code != 429:
                break
            time.sleep(float(WINDOW_SECONDS))
            reply = requests.request(method, url, json=body, headers=self._headers, timeout=10)
        if not reply.ok:
            raise DemoError(f"{method} {path}: the local Gainsight says {reply.status_code} {reply.text[:200]}")
        return reply.json()


def label_some(tenant: Tenant) -> None:
    """What a customer success manager does: say of the largest instances on the worklist what they are, once."""
    field = "Instance_Type_Label__gc"
    if tenant.read("Instance_Data__gc", ["Gsid"], {"name": field, "value": [], "operator": "IS_NOT_NULL"}, limit=1):
        print("labels were given in an earlier run; sample/raw/instance_labels.csv has them")
        return
    first = {"name": "Label_Rank__gc", "value": [LABELLED], "operator": "LTE"}
    wanted = ["Instance_Id__gc", "Hostname__gc", "Seats__gc", "Suggested_Instance_Type__gc", "Suggestion_Reason__gc"]
    worklist = tenant.read("Unlabelled_Instance__gc", wanted, first, orderBy={"Label_Rank__gc": "asc"})
    suggested = {row["Instance_Id__gc"]: row["Suggested_Instance_Type__gc"] for row in worklist}
    chosen = {each: label.replace("Unknown", "Production") for each, label in suggested.items()}
    condition = {"name": "Instance_Id__gc", "value": list(chosen), "operator": "IN"}
    found = tenant.read("Instance_Data__gc", ["Gsid", "Instance_Id__gc"], condition) if chosen else []
    if found:
        tenant.change("Instance_Data__gc", [{"Gsid": r["Gsid"], field: chosen[r["Instance_Id__gc"]]} for r in found])
    print_table(
        [
            {"host": row["Hostname__gc"], "seats": row["Seats__gc"], "labelled": chosen[row["Instance_Id__gc"]],
             "suggested because": row["Suggestion_Reason__gc"]}
            for row in worklist
        ]
    )  # fmt: skip


def show_calls(tenant: Tenant) -> None:
    """The calls to action that there are, and their page."""
    select = ["CompanyId__gr.Name", "Name", "OwnerId__gr.Name", "DueDate"]
    calls = tenant.read("call_to_action", select)
    page = f"{tenant.url}/objects/call_to_action"
    if not all(call["Name"] in requests.get(page, timeout=10).text for call in calls[:CALLS_SHOWN]):
        raise DemoError(f"{page} does not show the calls to action")
    print(f"{len(calls)} calls to action, on the page {page} while the demo runs, later with `make sandbox`")
    names = ("account", "call to action", "owner", "due")
    shown = [dict(zip(names, (call[each] for each in select), strict=True)) for call in calls[:CALLS_SHOWN]]
    print_table([{**row, "due": str(row["due"])[:10]} for row in shown])


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as dicts."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


SUMMARY = {
    "what there is": """
        select (select count(*) from dim_accounts) as accounts,
            (select count(distinct original_subscription_id) from dim_subscriptions) as subscriptions,
            (select count(*) from dim_instances) as instances,
            (select count(*) from quarantined_pings) as quarantined_lines,
            (select count(*) from fct_unmapped_pings) as unmapped_pings""",
    "labels": """
        select count(case when productions = 0 and unlabelled > 0 then 1 end) as accounts_waiting_for_a_label,
            count(*) as accounts_reporting
        from (
            select account_id, count(case when instance_type = 'Production' then 1 end) as productions,
                count(case when instance_type = 'Unknown' and instance_type_source = 'default' then 1 end) as unlabelled
            from dim_instances where is_tied_to_active_subscription group by account_id)""",
    "subscriptions this period": """
        select reporting_reason as reason, count(*) as subscriptions,
            count(case when has_production_ping then 1 end) as from_production
        from fct_reporting_coverage
        where period_start = (select max(period_start) from fct_reporting_coverage)
        group by 1 order by 2 desc""",
    "seats in the last complete period, of the subscriptions that know all three numbers": """
        select count(*) || ' of ' || (
                select count(*) from fct_reporting_coverage
                where reporting_reason != 'no_active_subscription'
                    and period_start = (select max(comparison_period_start) from mart_account_standing)
            ) as subscriptions,
            cast(sum(licensed_seats) as bigint) as licensed, cast(sum(activated_seats) as bigint) as activated,
            cast(sum(activated_seats - inactive_activated_seats) as bigint) as active,
            cast(sum(inactive_activated_seats) as bigint) as not_active
        from fct_seat_utilization
        where period_start = (select max(comparison_period_start) from mart_account_standing)
            and licensed_seats is not null and inactive_activated_seats is not null""",
    "use cases adopted, by subscription": """
        select use_case, count(case when adoption_status = 'adopted' then 1 end) as adopted,
            count(case when adoption_status = 'in_progress' then 1 end) as in_progress,
            count(case when adoption_status = 'not_adopted' then 1 end) as not_adopted,
            count(case when adoption_status in ('not_measured', 'not_applicable') then 1 end) as no_answer
        from fct_stage_adoption
        where period_start = (select max(period_start) from fct_stage_adoption)
        group by 1 order by 2 desc""",
    "health of accounts, as published": """
        select coalesce(overall_color, 'unscored: ' || unscored_reason) as health, count(*) as accounts
        from gainsight__company_health group by 1 order by 2 desc""",
    "where it stands now": """
        select destination as system, object, count(*) as records
        from main_publish.publish_state where connection = 'demo'
        group by 1, 2 order by 1, 2""",
    "the publish runs, newest first": """
        select destination as system, finished_at, outcome, rows_new as new, rows_changed as changed,
            rows_unchanged as unchanged, rows_accepted as accepted, rows_rejected as rejected, api_calls
        from main_publish.publish_runs order by started_at desc limit 6""",
}


def print_table(table: list[dict[str, Any]]) -> None:
    """Prints rows as aligned columns."""
    if not table:
        print("  nothing")
        return
    cells = [list(table[0])] + [["" if v is None else str(v) for v in row.values()] for row in table]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_summary(database: Path) -> None:
    """Prints what was built and what was sent, from the warehouse alone."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for title, sql in SUMMARY.items():
            print(f"\n{title}")
            print_table(rows(connection, sql))


def main() -> int:
    """Runs the demo; returns the exit status."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = {**own, "RAW_PATH": str(RAW), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    database = Path(environment.get("DUCKDB_PATH", "customer_health.duckdb"))
    try:
        step("sample data")
        as_of = make_sample(environment)
        step(f"dbt build, as of {as_of}")
        clock = json.dumps({"as_of": as_of})
        build = [str(BIN / "dbt"), "build", "--quiet", "--exclude-resource-type", "unit_test", "--target", "duckdb"]
        run("dbt build", [*build, "--vars", clock], environment)
        print("built and tested")
        step("a local Gainsight, Salesforce and Marketo")
        loader = [sys.executable, "-m", "loader", "--target", "duckdb"]
        with systems(environment, as_of) as loader_environment:
            step("publish")
            run("publish", [*loader, "publish"], loader_environment)
            step("a customer success manager labels instances in Gainsight")
            label_some(Tenant(loader_environment))
            step("pull-labels")
            run("pull-labels", [*loader, "pull-labels"], loader_environment)
            step("calls to action in Gainsight")
            show_calls(Tenant(loader_environment))
        step("summary")
        print_summary(database if database.is_absolute() else PROJECT / database)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(
        "\nwhat to try next\n"
        "  make demo        again: the labels count, and what they change is sent; the time after that nothing is\n"
        "  make dashboard   the same figures in an app, account by account\n"
        "  make sandbox     the local Gainsight with a page of its rows; sandbox-salesforce and sandbox-marketo, too\n"
        '  RAW_PATH=/your/files make build   your own data (README.md, "Your own data")'
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
