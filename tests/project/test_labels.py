"""Labels are the first thing a new user lacks: what waits for one is said, and suggestions are written, never over a person's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_bench import BUILD, Bench, DbtRun
from raw_folder import RawFolder

from scripts import labels

HEADER = "uuid,hostname,label,labelled_by,labelled_at\n"


def without_labels() -> RawFolder:
    """Three owned customers of 100 seats: two with one server each, one with two servers on which nobody works."""
    raw = RawFolder()
    for name, hosts in {"A": ["git.a"], "B": ["git.b"], "C": ["one.c", "two.c"]}.items():
        raw.account(name)
        raw.subscription(f"S-{name}", name, "2025-01-15", seats=100)
        for host in hosts:
            fields = {"license_subscription_id": f"S-{name}"}
            counts = {"licensed": 100, "activated": 5 if name == "C" else 80, "active": 5 if name == "C" else 60}
            raw.ping(f"uuid-{host}", f"{host}.example", "2026-06-23T06:00:00Z", fields, **counts)
    return raw


@pytest.fixture(scope="module")
def built(home: Callable[[str], Path], models: Path) -> tuple[Bench, DbtRun]:
    """The mart of three customers without a label."""
    folder = home("labels")
    raw = without_labels().write(folder / "raw")
    bench = Bench(folder, raw, models, as_of="2026-06-30")
    return bench, bench.build(*BUILD, "--select", "+dim_instances", "+dim_accounts")


def test_the_end_of_a_build_says_how_many_accounts_wait_for_a_label(built: tuple[Bench, DbtRun]) -> None:
    assert "3 of 3 reporting accounts wait for a label" in built[1].said
    assert "`make labels`" in built[1].said


def test_a_starter_has_the_suggestions_and_what_a_person_labelled_is_never_overwritten(
    built: tuple[Bench, DbtRun], capsys: pytest.CaptureFixture[str]
) -> None:
    """A single server is suggested Production; of C's two, nobody can tell."""
    bench, _ = built
    path = bench.raw / "instance_labels.csv"
    assert path.read_text(encoding="utf-8") == HEADER
    suggested = HEADER + "".join(
        f"uuid-git.{name},git.{name}.example,Production,suggested,2026-06-23T06:00:00Z\n" for name in "ab"
    )
    try:
        assert labels.main(bench.raw, bench.database) == 0
        assert path.read_text(encoding="utf-8") == suggested
        assert "for 2 instances nothing can be suggested" in capsys.readouterr().out
        path.write_text(HEADER + "mine,,Production,me,2026-01-01\n", encoding="utf-8")
        for name in ("instance_labels.suggested.csv", "instance_labels.suggested-2.csv"):
            assert labels.main(bench.raw, bench.database) == 0
            assert (bench.raw / name).read_text(encoding="utf-8") == suggested
        assert path.read_text(encoding="utf-8") == HEADER + "mine,,Production,me,2026-01-01\n"
    finally:
        path.write_text(HEADER, encoding="utf-8")


def test_without_a_mart_or_a_folder_the_way_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert labels.main(tmp_path, tmp_path / "none.duckdb") == 1
    assert "make build" in capsys.readouterr().err


def test_a_var_accepts_suggestions_where_no_label_stands(built: tuple[Bench, DbtRun]) -> None:
    bench, _ = built
    before = bench.variables
    bench.variables = {**before, "accept_suggestions": True}
    try:
        run = bench.build("run", "--select", "int_instance_types", "dim_instances")
    finally:
        bench.variables = before
    found = {row["hostname"]: row for row in bench.mart.find("dim_instances")}
    types = {host: (row["instance_type"], row["instance_type_source"]) for host, row in found.items()}
    bench.mart.close()
    assert types == {
        "git.a.example": ("Production", "suggested"),
        "git.b.example": ("Production", "suggested"),
        "one.c.example": ("Unknown", "default"),
        "two.c.example": ("Unknown", "default"),
    }
    assert "1 of 3 reporting accounts wait for a label" in run.said
