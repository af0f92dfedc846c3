"""Each mistake in a metric's files gives one clear message with the model and the way out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt_bench import Bench
from refusals import good_raw, refused, relations
from sampled import sampled

from scripts import registry


class Scratch:
    """The bench's copy of the project; whatever a test changes is put back."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.before: dict[Path, bytes | None] = {}

    def write(self, name: str, text: str | None) -> None:
        """Writes a file, or with None deletes it."""
        path = self.project / name
        self.before.setdefault(path, path.read_bytes() if path.exists() else None)
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")

    def restore(self) -> None:
        """Puts everything back."""
        for path, content in self.before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)


@pytest.fixture
def bench(spoilt_bench: Bench) -> Bench:
    return spoilt_bench


@pytest.fixture
def scratch(bench: Bench) -> Iterator[Scratch]:
    """A project to spoil, on good raw data."""
    shutil.rmtree(bench.raw, ignore_errors=True)
    good_raw().write(bench.raw)
    scratch = Scratch(bench.project)
    yield scratch
    scratch.restore()


GOOD_META: dict[str, Any] = {
    "label": "Boards, all time",
    "stage": "plan",
    "use_case": "agile",
    "unit": "events",
    "time_frame": "all",
    "key_paths": ["counts.boards"],
    "min_version": "13.9",
    "tier": "free",
}


BOARDS = "models/metrics/plan/metric_boards_all_time_event"


REGISTRY = "macros/_generated/metric_models.sql"


def register(scratch: Scratch, name: str) -> None:
    """Adds a name to the registry by hand."""
    text = (scratch.project / REGISTRY).read_text(encoding="utf-8")
    scratch.write(REGISTRY, text.replace("{% endmacro %}", f"{name}\n{{% endmacro %}}"))


def add_boards(scratch: Scratch, meta: dict[str, Any] | None) -> None:
    """Adds a metric model with this `config.meta.metric`."""
    model: dict[str, Any] = {"name": Path(BOARDS).name, "description": "Boards."}
    if meta is not None:
        model["config"] = {"meta": {"metric": meta}}
    scratch.write(f"{BOARDS}.sql", "{{ ping_metric() }}\n")
    scratch.write(f"{BOARDS}.yml", yaml.safe_dump({"version": 2, "models": [model]}))


def test_two_metrics_of_one_key_path_are_both_named(bench: Bench, scratch: Scratch) -> None:
    add_boards(scratch, {**GOOD_META, "key_paths": ["license_billable_users"]})
    refused(bench, 'key path "license_billable_users"', "metric_activated_seats", "metric_boards_all_time_event")


def test_two_metrics_of_one_name_are_named_with_their_files(bench: Bench, scratch: Scratch) -> None:
    scratch.write("models/metrics/plan/metric_activated_seats.sql", "{{ ping_metric() }}\n")
    run = refused(bench, "metric_activated_seats")
    for folder in ("license", "plan"):
        assert f"models/metrics/{folder}/metric_activated_seats.sql" in run.error


def test_a_key_path_that_is_part_of_another_is_named(bench: Bench, scratch: Scratch) -> None:
    add_boards(scratch, {**GOOD_META, "key_paths": ["counts"]})
    register(scratch, Path(BOARDS).name)
    refused(bench, 'key path "counts" (metric_boards_all_time_event)', "a key is either a value or an object")


def test_a_metric_that_the_registry_lacks_is_named_with_the_command(bench: Bench, scratch: Scratch) -> None:
    add_boards(scratch, GOOD_META)
    refused(bench, "metric_boards_all_time_event", REGISTRY, "run `make registry`")


def test_a_name_in_the_registry_without_a_model_is_named(
    bench: Bench, scratch: Scratch, capsys: pytest.CaptureFixture[str]
) -> None:
    """dbt itself misses the model while it parses; `make build` asks the registry first, which names the command."""
    register(scratch, "metric_zeppelins")
    refused(bench, "int_metric_values", "depends on a node named 'metric_zeppelins' which was not found")
    assert registry.main(["--check"], scratch.project) == 1
    assert f"{REGISTRY} is out of date; run `make registry`" in capsys.readouterr().err


@pytest.mark.parametrize("key", sampled(["label", "key_paths", "tier"], ["key_paths"]))
def test_a_missing_meta_key_is_named_with_the_model(bench: Bench, scratch: Scratch, key: str) -> None:
    add_boards(scratch, {name: value for name, value in GOOD_META.items() if name != key})
    refused(bench, f"{BOARDS}.sql", f'lacks the key "{key}"')


WRONG: list[tuple[str, Any, list[str]]] = [
    ("unit", "boards", ['unit is "boards"', "users, events, projects, ratio, flag, setting"]),
    ("time_frame", "28 days", ['time_frame is "28 days"', "none, 7d, 28d, all"]),
    ("tier", "gold", ['tier is "gold"', "free, starter, premium, ultimate"]),
    ("use_case", "agille", ['use_case is "agille"', "scm, ci, cd, devsecops, agile"]),
    ("key_paths", "counts.boards", ["key_paths must be a list"]),
    ("key_paths", ["counts boards"], ['key_paths holds "counts boards"', "joined by dots"]),
    ("removed_in", {"counts.bords": "17.0"}, ['removed_in says "counts.bords: 17.0"', "one of the key_paths"]),
    ("min_version", "13", ['min_version is "13"', "write it as text"]),
    ("gainsight_feild", "Boards__gc", ['unknown key "gainsight_feild"', "known keys"]),
]


@pytest.mark.parametrize("case", sampled(range(len(WRONG)), [0, 4, 6, 8]), ids=lambda case: f"{case} {WRONG[case][0]}")
def test_a_wrong_meta_key_is_named_with_what_it_may_be(bench: Bench, scratch: Scratch, case: int) -> None:
    key, value, parts = WRONG[case]
    add_boards(scratch, {**GOOD_META, key: value})
    refused(bench, "metric_boards_all_time_event", *parts)


def test_a_metric_without_meta_is_named_with_the_page(bench: Bench, scratch: Scratch) -> None:
    add_boards(scratch, None)
    refused(bench, "metric_boards_all_time_event", "has no config.meta.metric", 'CONTRIBUTING.md, "Add a metric"')


def test_a_published_metric_that_the_contract_lacks_is_named_with_the_command(bench: Bench, scratch: Scratch) -> None:
    add_boards(scratch, {**GOOD_META, "gainsight_field": "Boards__gc"})
    register(scratch, Path(BOARDS).name)
    refused(bench, "metric_boards_all_time_event", "Boards__gc", "run `make registry`")


def test_a_key_path_that_no_ping_holds_is_warned_of_and_a_relation_that_no_model_makes_is_dropped(
    bench: Bench, scratch: Scratch
) -> None:
    """The warning names metric and path. A view of a metric from before, and a stale intermediate, go; what others made stays."""
    name = Path(BOARDS).name
    add_boards(scratch, {**GOOD_META, "key_paths": ["counts.bords"]})
    register(scratch, name)
    scratch.write("models/metrics/license/metric_activated_seats.sql", "{{ retired_metric() }}\n")
    bench.build("seed")
    run = bench.build("run", "--select", f"+{name}", "+int_metric_values")
    retired = bench.mart.one("main_intermediate.int_metric_values", metric_name="activated_seats")
    assert (retired["metric_value"], retired["value_status"], retired["value_reason"]) == (
        None,
        "not_reported",
        "metric_removed",
    )
    (warning,) = [text for text in run.of_level("warn") if "stand in no ping" in text]
    assert f"{name}: counts.bords" in warning
    assert "activated_seats" not in warning
    bench.mart.close()
    scratch.restore()
    with duckdb.connect(str(bench.database)) as connection:
        connection.execute("create schema main_metrics")
        connection.execute("create view main_metrics.metric_of_old as select 1 as a")
        connection.execute("create table main_metrics.metric_of_mine as select 1 as a")
        connection.execute("create view main_metrics.of_mine as select 1 as a")
        connection.execute("create table main_intermediate.int_merged as select 1 as a")
        connection.execute("create view main_intermediate.int_renamed as select 1 as a")
        connection.execute("create table main_intermediate.of_mine as select 1 as a")
    run = bench.build("run", "--select", "int_settings")
    assert "metric_of_old" in next(text for text in run.of_level("info") if "no model makes it any more" in text)
    assert [found for schema, found in relations(bench) if schema == "main_metrics"] == [
        "metric_of_mine",
        "of_mine",
    ]
    intermediate = [found for schema, found in relations(bench) if schema == "main_intermediate"]
    assert {"int_settings", "of_mine"} <= set(intermediate)
    assert not {"int_merged", "int_renamed"} & set(intermediate)
