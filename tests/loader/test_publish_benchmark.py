"""The benchmark of publishing measures what it says: the bare loop and the loader leave the same rows behind."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from benchmarks import publish
from benchmarks.clients import Run, light_server, run_client, run_loader
from benchmarks.mart import change, make_project, publish_all
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


def test_a_mart_that_is_marked_as_published_sends_only_what_changes(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", ROWS)
    publish_all(project)
    with light_server(project) as server:
        assert run_loader(project, server.url, "publish", "--no-gate").error == ""
        assert server.report()["calls"] == {"query": 1}, "the companies, looked up again in every run"
        change(project, one_in=50)
        assert run_loader(project, server.url, "publish", "--no-gate").error == ""
        assert server.report()["calls"]["update"] == 1


def test_the_same_rows_are_those_with_one_digest_and_as_many_in_every_round() -> None:
    bare = [Run(rows=5, digest="a"), Run(rows=5)]
    assert publish._same(bare, bare)
    assert not publish._same([Run(rows=5, digest="b"), Run(rows=5)], bare)
    assert not publish._same([Run(rows=5, digest="a"), Run(rows=4)], bare)


def test_a_client_that_fails_is_shown_with_its_error(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", 20)
    ran = run_client("bare", project, "http://127.0.0.1:9")
    assert ran.error.startswith("exit 1: ")


def test_a_large_mart_sends_nothing_or_what_has_changed(tmp_path: Path) -> None:
    nothing, some = publish.million(tmp_path, 400).rows
    assert (nothing[3:], some[3]) == ([0, 3], 1), "one look-up in each of three runs; 8 rows in one call"


def test_the_sections_are_kept_as_json_and_rendered(tmp_path: Path) -> None:
    section = publish.first_publish(tmp_path / "bench", ROWS, 1)
    part = json.loads(json.dumps(asdict(Part("publish", "2026-01-01", 1.0, True, [section]))))
    assert part["sections"][0]["title"] == "500 rows, no limit at the server"
    assert [row[-1] for row in part["sections"][0]["rows"]] == ["yes", "yes"]
    assert "times the floor" in render([Part("publish", "2026-01-01", 1.0, True, [section])])
