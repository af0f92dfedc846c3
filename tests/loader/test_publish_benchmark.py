"""The benchmark of publishing measures what it says: the bare loop and the loader leave the same rows behind."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import peers, publish
from benchmarks.mart import change, make_project, publish_all
from benchmarks.peers import light_server, run_client, run_loader
from benchmarks.report import Part, render
from benchmarks.server import canonical

ROWS = 500


def test_the_bare_loop_and_the_loader_leave_the_same_rows_at_the_server(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", ROWS)
    arrived = {}
    with light_server(project) as server:
        for name in ("bare", "loader"):
            server.reset()
            ran = run_client(name, project, server.url)
            assert ran.error == ""
            assert ran.megabytes > 10
            arrived[name] = server.rows()
    assert len(arrived["bare"]) == ROWS
    assert {len(row) for row in arrived["loader"]} == {26}
    assert canonical(arrived["loader"]) == canonical(arrived["bare"])


def test_where_the_object_holds_a_record_each_row_is_looked_for_by_key(tmp_path: Path) -> None:
    """Its rows fill more than one page, so that an empty object saves calls; the record is neither changed nor counted."""
    section = publish.first_publish(tmp_path / "bench", 5_100, 1, ("bare", "loader", publish.FINDS))
    assert [row[-1] for row in section.rows] == ["yes"] * 3
    project = make_project(tmp_path / "project", 5_100)
    with light_server(project) as server:
        asked = []
        for held in (False, True):
            server.reset()
            if held:
                server.hold(project.model.key)
            assert run_client("loader", project, server.url).error == ""
            report = server.report()
            assert (report["rows"], report["calls"]["insert"], report["calls"].get("update")) == (5_100, 102, None)
            asked.append(report["calls"]["query"])
    assert asked[1] - asked[0] == 2, "two pages of keys"


def test_a_mart_that_is_marked_as_published_sends_only_what_changes(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", ROWS)
    publish_all(project)
    with light_server(project) as server:
        assert run_loader(project, server.url, "publish", "--no-gate").error == ""
        assert server.report()["calls"] == {"query": 1}, "the companies, looked up again in every run"
        change(project, one_in=50)
        assert run_loader(project, server.url, "publish", "--no-gate").error == ""
        assert server.report()["calls"]["update"] == 1


def test_a_run_in_which_nothing_has_changed_only_looks_the_companies_up_again(tmp_path: Path) -> None:
    again = publish.second_publish(tmp_path, ROWS, ("bare", "loader"))
    assert [row[-1] for row in again.rows[:2]] == [10, 1], "500 rows in calls of 50; one look-up"
    assert again.met


def test_the_diff_is_measured_at_each_size_and_the_large_project_is_made_once(tmp_path: Path) -> None:
    large = publish.published(tmp_path / "large", 400)
    section = publish.growth(tmp_path, [200, 400, 800], large)
    assert [row[0] for row in section.rows] == [200, 400, 800]
    assert [row[4] is None for row in section.rows] == [False, True, True], "plan as a whole process"
    nothing, some = publish.million(large, 400).rows
    assert (nothing[3:], some[3]) == ([0, 3], 1), "one look-up in each of three runs; 8 rows in one call"
    assert not (tmp_path / "growth").exists()


def test_the_same_rows_are_those_with_one_digest_and_as_many_in_every_round() -> None:
    bare = [peers.Run(rows=5, digest="a"), peers.Run(rows=5)]
    assert publish._same(bare, bare)
    assert not publish._same([peers.Run(rows=5, digest="b"), peers.Run(rows=5)], bare)
    assert not publish._same([peers.Run(rows=5, digest="a"), peers.Run(rows=4)], bare)


def test_a_client_that_fails_is_shown_with_its_error(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", 20)
    ran = run_client("bare", project, "http://127.0.0.1:9")
    assert ran.error.startswith("exit 1: ")


@pytest.mark.parametrize("failed", ["", "no network"])
def test_the_sections_are_kept_as_json_and_rendered(tmp_path: Path, failed: str) -> None:
    section = publish.first_publish(tmp_path / "bench", ROWS, 1, ("bare", "loader"), failed)
    part = json.loads(json.dumps(asdict(Part("publish", "2026-01-01", 1.0, True, [section]))))
    assert part["sections"][0]["title"] == "500 rows, no limit at the server"
    assert [row[-1] for row in part["sections"][0]["rows"][:2]] == ["yes", "yes"]
    shown = render([Part("publish", "2026-01-01", 1.0, True, [section])])
    assert ("could not be installed: no network" in shown) == bool(failed)
