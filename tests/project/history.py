"""One database over several runs: files that come late, grow and repeat, and then two new metrics.

The raw data are sample/small and one account more, whose January is worked example 29.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt_bench import AGAIN, BUILD, REPO, SMALL, Bench, DbtRun, Mart, copy_project
from raw_folder import RawFolder

from scripts import registry

MISSING_AT_FIRST = (
    "received_month=2026-02/late_2026-02-10.jsonl",
    "received_month=2026-03/late_2026-03-03.jsonl",
    "received_month=2026-06/late_2026-06-16.jsonl",
    "received_month=2026-03/pings_2026-03-24.jsonl.gz",
    "manual/gitlab.rowan.example_2026-04-07.json",
)
GROWS = "received_month=2026-06/pings_2026-06-23.jsonl.gz"
REPEATED = "received_month=2026-05/pings_2026-05-19.jsonl.gz"
LANDED = "received_month=2026-01/landed_2026-02-10.jsonl"
REPEATS = "received_month=2026-06/again_2026-06-25.jsonl"
SNIPPETS = """version: 2

models:
  - name: metric_snippets_28_days_event
    description: Snippets made in 28 days.
    config:
      meta:
        metric:
          label: "Snippets, events in 28 days"
          stage: create
          use_case: scm
          unit: events
          time_frame: "28d"
          key_paths: [counts_monthly.snippets]
          min_version: "13.9"
          tier: free
          gainsight_field: Snippets_28d__gc
    data_tests:
      - is_metric:
          arguments: {min_value: 0}
"""


@dataclass
class History:
    """The bench, what dbt said in each run, and the mart after each run by its name."""

    bench: Bench
    runs: dict[str, DbtRun] = field(default_factory=dict)
    marts: dict[str, Mart] = field(default_factory=dict)
    read_files: dict[str, set[str]] = field(default_factory=dict)

    @property
    def pings(self) -> Path:
        """The folder of ping files."""
        return self.bench.raw / "service_pings"

    def step(self, name: str, *command: str) -> None:
        """One run of dbt, and a copy of what it left."""
        self.runs[name] = self.bench.build(*command)
        self.marts[name] = self.bench.snapshot(name)
        sql = next((self.bench.home / "target" / "compiled").rglob("base_service_ping__leaves.sql"))
        names = re.findall(r"service_pings/([^']+)'", sql.read_text(encoding="utf-8"))
        self.read_files[name] = set(names)


def lines_of(path: Path) -> list[str]:
    """The lines of a ping file."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return text.decode("utf-8").splitlines(keepends=True)


def write_gzip(path: Path, lines: list[str]) -> None:
    """Writes a compressed ping file."""
    path.write_bytes(gzip.compress("".join(lines).encode("utf-8")))


def example_29() -> RawFolder:
    """The account of worked example 29; the later ping of January is written by `land`."""
    raw = RawFolder()
    raw.account("A29")
    raw.subscription("S29", "A29", "2025-01-15", seats=1000)
    raw.label("uuid-29", "git29.example")
    return raw


def ping_29(day: str, **counts: Any) -> dict[str, Any]:
    """One ping of worked example 29."""
    wiki = {"redis_hll_counters.source_code.wiki_action_monthly": counts["activated"] // 10}
    fields = {"license_subscription_id": "S29", "license_plan": "premium", **wiki}
    received_at = f"2026-01-{day}T06:00:00Z"
    payload = RawFolder().payload("uuid-29", "git29.example", received_at, fields, **counts)
    return {"ping_id": f"ping-29-{day}", "received_at": received_at, "payload": payload}


def append_rows(raw: RawFolder, folder: Path) -> None:
    """Adds the rows of a raw folder in memory to the CSV files of one on disk."""
    for table, rows in raw.tables.items():
        with (folder / f"{table}.csv").open("r+", newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file))  # optional ones, too
            file.seek(0, 2)
            csv.DictWriter(file, columns, lineterminator="\n").writerows(rows)


def first_files(raw: Path) -> None:
    """sample/small as it looks before the late files have come."""
    shutil.copytree(SMALL, raw)
    append_rows(example_29(), raw)
    pings = raw / "service_pings"
    for name in MISSING_AT_FIRST:
        (pings / name).unlink()
    half = lines_of(pings / GROWS)
    write_gzip(pings / GROWS, half[: len(half) // 2])
    first = json.dumps(ping_29("21", activated=500)) + "\n"
    (pings / "received_month=2026-01/pings_of_29.jsonl").write_text(first, encoding="utf-8")


def changed(line: str, received_at: str, active_user_count: int) -> str:
    """The same ping arriving at another time with another number in it."""
    record = json.loads(line)
    record["received_at"] = received_at
    record["payload"]["active_user_count"] = active_user_count
    return json.dumps(record) + "\n"


def repeated_lines() -> list[str]:
    """Pings that arrived before: as they were, later, earlier, and after as_of."""
    known = [
        line
        for line in lines_of(SMALL / "service_pings" / REPEATED)
        if '"uuid"' in line and '"gitlab.alder.example"' not in line
    ]
    return [
        *known[:5],
        changed(known[5], "2026-06-25T00:00:00Z", 31005),
        changed(known[6], "2026-05-01T00:00:00Z", 31006),
        changed(known[7], "2026-07-20T00:00:00Z", 31007),
    ]


def late_files(raw: Path) -> None:
    """Everything that was missing comes; a file grows; pings are sent again."""
    pings = raw / "service_pings"
    for name in (*MISSING_AT_FIRST, GROWS):
        shutil.copy(SMALL / "service_pings" / name, pings / name)
    (pings / REPEATS).write_text("".join(repeated_lines()), encoding="utf-8")
    landed = json.dumps(ping_29("28", activated=600)) + "\n"
    (pings / LANDED).write_text(landed, encoding="utf-8")


def replay(raw: Path) -> None:
    """Two files that were read come a second time, under other names."""
    pings = raw / "service_pings"
    (pings / "replayed").mkdir()
    for name in (REPEATED, REPEATS):
        shutil.copy(pings / name, pings / "replayed" / Path(name).name)


def contributing_example() -> tuple[str, str, str]:
    """Model name, SQL and yml of the metric that CONTRIBUTING.md adds, with its gainsight_field."""
    page = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = page.split("## Add a metric")[1].split("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, flags=re.DOTALL)
    sql, yml = (
        re.sub(r"^   ", "", next(text for kind, text in blocks if kind == wanted), flags=re.M)
        for wanted in ("sql", "yaml")
    )
    name = re.search(r"- name: (metric_\w+)", yml)
    assert name, yml
    return name[1], sql, yml.replace("# gainsight_field:", "gainsight_field:")


def add_metrics(project: Path) -> None:
    """Adds two metrics as the page says: two files each, and `make registry`."""
    name, sql, yml = contributing_example()
    folder = project / "models/metrics/create"
    for model, model_sql, model_yml in (
        (name, sql, yml),
        ("metric_snippets_28_days_event", sql, SNIPPETS),
    ):
        (folder / f"{model}.sql").write_text(model_sql, encoding="utf-8")
        (folder / f"{model}.yml").write_text(model_yml, encoding="utf-8")
    assert registry.main([], project) == 0


def build_history(home: Path, as_of: str) -> History:
    """All runs, in order."""
    raw = home / "raw"
    first_files(raw)
    history = History(Bench(home, raw, copy_project(home / "project"), as_of=as_of))
    history.step("first", *BUILD)
    late_files(raw)
    history.step("late", *AGAIN)
    replay(raw)
    add_metrics(history.bench.project)
    history.step("replayed", "run")
    history.step("full_refresh", *AGAIN, "--full-refresh")
    return history
