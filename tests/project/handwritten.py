"""The same metric values and seat figures by a hand-written DuckDB script, without dbt: another route to compare with."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import yaml

REPO = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("handwritten.sql")
SEEDS = REPO / "seeds"
ONE_LINE_A_ROW = (
    "columns = {line: 'VARCHAR'}, header = false, delim = '\\x01', quote = '', escape = '', auto_detect = false,"
    " strict_mode = false, ignore_errors = true, max_line_size = 268435456"
)
"""Options by which DuckDB's reader of CSV gives each line as it stands."""
Metric = dict[str, Any]
COMPARED = {
    "metric values": (
        "select instance_id, period_start, metric_name, metric_value from {}",
        "metric_values",
        "main.fct_metric_values where metric_value is not null",
    ),
    "seat figures": (
        "select subscription_id, period_start, cast(licensed_seats as double), activated_seats, umau from {}",
        "seat_figures",
        "main.fct_seat_utilization",
    ),
}


def metrics(project: Path = REPO) -> list[Metric]:
    """Every metric's `config.meta.metric` with its name, as its yml has it, sorted by name."""
    found = []
    for path in sorted((project / "models/metrics").rglob("metric_*.sql"), key=lambda one: one.name):
        model = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"][0]
        sql = path.read_text(encoding="utf-8")
        found.append({**model["config"]["meta"]["metric"], "name": model["name"].removeprefix("metric_"), "sql": sql})
    return found


def envelope(project: Path = REPO) -> list[str]:
    """The key paths of the ping's envelope."""
    variables = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return list(variables["ping_envelope"].values())


def run(raw: Path, as_of: str, database: Path | str) -> duckdb.DuckDBPyConnection:
    """Makes `metric_values` and `seat_figures` in a DuckDB file."""
    connection = duckdb.connect(str(database))
    connection.execute("set TimeZone = 'UTC'")
    paths = [path for metric in metrics() for path in metric["key_paths"]]
    connection.execute(_arrivals(raw, sorted({*paths, *envelope()})))
    connection.execute(_script(raw, as_of))
    return connection


def differences(reference: duckdb.DuckDBPyConnection, database: Path) -> dict[str, int]:
    """By how many rows the two differ in number, and how many rows of the reference the other database lacks.

    Both are 0 only when the same rows are in both. Raises ValueError when there is nothing to compare.
    """
    reference.execute(f"attach '{database}' as other (read_only)")
    found = {}
    for name, (select, ours, theirs) in COMPARED.items():
        one, other = select.format(ours), select.format(f"other.{theirs}")
        rows = reference.execute(
            f"select (select count(*) from ({one})), (select count(*) from ({other})),"
            f" (select count(*) from (({one}) except all ({other})))"
        ).fetchone()
        if not rows or not rows[0]:
            raise ValueError(f"the reference made no {name}")
        found[name] = abs(rows[0] - rows[1]) + rows[2]
    reference.execute("detach other")
    return found


def _arrivals(raw: Path, paths: Sequence[str]) -> str:
    lines = _files(raw, "**/*.jsonl", "**/*.jsonl.gz")
    manual = _files(raw, "manual/*.json")
    places = [f"$.payload.{_quoted(path)}" for path in paths]
    leaves = ", ".join(f'found[{number}] as "{path}"' for number, path in enumerate(paths, start=3))
    held = ", ".join(f"found[{number}]" for number, path in enumerate(paths, start=3) if path in envelope())
    return f"""
        create or replace temp table arrivals as
        select
            found[1] as ping_id, found[2] as received_at, filename, {leaves},
            coalesce({held}) is not null as has_envelope
        from (
            select filename, try(json_extract_string(line, {["$.ping_id", "$.received_at", *places]})) as found
            from read_csv({lines}, {ONE_LINE_A_ROW}, filename = true)
            {_manual(manual, paths)}
        );
    """


def _manual(files: str, paths: Sequence[str]) -> str:
    if files == "[]":
        return ""
    places = [f"$.{_quoted(path)}" for path in paths]
    return f"""union all
        select filename, [md5(content), found[1]] || found[2:] as found
        from (
            select filename, content, json_extract_string(content, {["$.recorded_at", *places]}) as found
            from read_text({files})
        )"""


def _script(raw: Path, as_of: str) -> str:
    known = metrics()
    plain = [metric for metric in known if metric["key_paths"]]
    sums = [metric for metric in known if "metric_sum" in metric["sql"] or "metric_kinds" in metric["sql"]]
    counters = [_argument(metric) for metric in known if "counter_increase" in metric["sql"]]
    return Template(SCRIPT.read_text(encoding="utf-8")).substitute(
        raw=raw,
        seeds=SEEDS,
        as_of=as_of,
        min_share=_setting("suggestion_min_share"),
        excluded=_excluded(raw),
        plain_metrics=",\n    ".join([*map(_plain, plain), *(_sum(metric, plain) for metric in sums)]),
        metric_names=", ".join(metric["name"] for metric in [*plain, *sums]),
        earlier_counters="".join(_earlier(counter) for counter in counters),
        increases="".join(_increase(metric) for metric in known if "counter_increase" in metric["sql"]),
        ratios="".join(_ratio(metric) for metric in known if "metric_ratio" in metric["sql"]),
    )


def _plain(metric: Metric) -> str:
    reading = "flag_of" if metric["unit"] in ("flag", "setting") else "number_of"
    readings = ", ".join(f'{reading}("{path}")' for path in metric["key_paths"])
    return f"coalesce({readings}) as {metric['name']}"


def _sum(metric: Metric, plain: Sequence[Metric]) -> str:
    names = metric["sql"].split("'")[1::2]
    paths = [path for part in plain if part["name"] in names for path in part["key_paths"]]
    numbers = "[" + ", ".join(f'number_of("{path}")' for path in paths) + "]"
    missing = "list_bool_or([" + ", ".join(f'failed("{path}")' for path in paths) + "])"
    if "needs='all'" in metric["sql"]:
        missing = f"len(list_filter({numbers}, lambda part: part is null)) > 0"
    combined = f"list_sum({numbers})"
    if "metric_kinds" in metric["sql"]:
        combined = f"case when {combined} >= 0 then len(list_filter({numbers}, lambda part: part > 0)) end"
    return f"case when not {missing} then cast({combined} as double) end as {metric['name']}"


def _earlier(counter: str) -> str:
    given = f"case when {counter} is not null then"
    return f""",
        last_value({counter} ignore nulls) over history as {counter}__value,
        last_value({given} ping_date end ignore nulls) over history as {counter}__day,
        last_value({given} period_start end ignore nulls) over history as {counter}__period"""


def _increase(metric: Metric) -> str:
    counter = _argument(metric)
    grown = f"({counter} - {counter}__value)"
    return f""",
    case
        when {grown} < 0 then null
        when {counter}__period >= period_start - interval 1 month then {grown}
        else {grown} * (ping_date - (period_start - 1)) / greatest(ping_date - {counter}__day, 1)
    end as {metric["name"]}"""


def _ratio(metric: Metric) -> str:
    numerator, denominator = metric["sql"].split("'")[1::2]
    return f", {numerator} / nullif({denominator}, 0) as {metric['name']}"


def _argument(metric: Metric) -> str:
    argument: str = metric["sql"].split("'")[1]
    return argument


def _excluded(raw: Path) -> str:
    path = raw / "excluded_pings.csv"
    if not path.exists() or not path.stat().st_size:
        return "''"
    return f"select coalesce(text_of(ping_id), '') from read_csv('{path}', header = true, all_varchar = true)"


def _setting(name: str) -> str:
    with (SEEDS / "health_settings.csv").open(encoding="utf-8") as file:
        return next(row["setting_value"] for row in csv.DictReader(file) if row["setting"] == name)


def _files(raw: Path, *patterns: str) -> str:
    return str([str(path) for pattern in patterns for path in sorted((raw / "service_pings").glob(pattern))])


def _quoted(path: str) -> str:
    return ".".join(f'"{key}"' for key in path.split("."))
