"""What is remembered belongs to a tenant, and docs/trial-to-production.md is true: its commands, in its order."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest
from harness import HERE, MODELS, Bench, Ended

PAGE = (HERE.parent.parent / "docs" / "trial-to-production.md").read_text(encoding="utf-8")


def commands(heading: str) -> list[list[str]]:
    """The loader's commands under a heading of the page, in order."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = [line.partition("#")[0] for block in blocks for line in block.splitlines()]
    return [line.split()[3:] for line in lines if line.startswith("python -m loader")]


def follow(bench: Bench, heading: str, tenant: Bench) -> list[Ended]:
    """Run a section's commands against a tenant."""
    return [bench.run(*arguments, env={"GAINSIGHT_BASE_URL": tenant.box.url}) for arguments in commands(heading)]


def written(tenant: Bench) -> int:
    """Rows that reached a tenant."""
    return sum(call.records for call in tenant.box.calls if call.committed)


@pytest.fixture
def tenants(make_bench: Callable[..., Bench]) -> tuple[Bench, Bench]:
    """The trial, whose bench has the mart, and production."""
    trial, production = make_bench(), make_bench()
    trial.fill()
    production.companies(10)
    return trial, production


def test_the_page_is_followed_and_nothing_is_lost_or_sent_twice(tenants: tuple[Bench, Bench]) -> None:
    trial, production = tenants
    assert [each.code for each in follow(trial, "1. The trial tenant", trial)] == [0, 0, 0, 0, 0]
    assert written(trial) == 100
    trial.assert_settled()
    assert production.box.count("Instance_Data__gc") == 0
    assert [each.code for each in follow(trial, "2. Production", production)] == [0, 0, 0, 0]
    assert (written(trial), written(production)) == (100, 100)
    clone = Bench.__new__(Bench)
    clone.__dict__ |= trial.__dict__
    clone.folder = trial.folder.with_name("clone")
    shutil.copytree(trial.folder, clone.folder, ignore=shutil.ignore_patterns("*.sqlite*"))
    clone.database = clone.folder / "mini.duckdb"
    clone.env = {**trial.env, "DUCKDB_PATH": str(clone.database)}
    refused, adopted, published = follow(clone, "3. A copy of the warehouse", production)
    assert [refused.code, adopted.code, published.code] == [3, 0, 0]
    assert "made in another warehouse" in refused.err
    assert "100 of 100 looked for are there" in adopted.out
    assert written(production) == 100
    assert "100 unchanged" in published.out
    clone.sql("update gainsight__instances set version = '99' where licensed_seats < 3")
    assert clone.run("publish", "--no-gate", env={"GAINSIGHT_BASE_URL": production.box.url}).code == 0
    assert (written(trial), written(production)) == (100, 103)


def test_a_copy_with_a_tenant_of_its_own_begins_anew(tenants: tuple[Bench, Bench]) -> None:
    trial, production = tenants
    assert trial.publish().code == 0
    moved = trial.folder / "moved.duckdb"
    shutil.copy(trial.database, moved)
    env = {"DUCKDB_PATH": str(moved), "GAINSIGHT_BASE_URL": production.box.url}
    ended = trial.publish("--no-gate", env=env)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 100), ended.err
    assert len(production.box.rows("Instance_Data__gc")) == 30


def test_all_that_is_said_names_the_connection(tenants: tuple[Bench, Bench]) -> None:
    trial, _ = tenants
    host = trial.box.url.partition("://")[2]
    assert f"Plan for gainsight at {host}" in trial.run("plan").out
    ended = trial.publish()
    assert ended.result["message"].startswith(f"gainsight at {host}: 100 rows accepted")
    assert (ended.result["connection"], ended.result["plan"]["connection"]) == (host, host)
    assert host in trial.run("status").out
    assert f"gainsight at {host}" in trial.run("plan", env={"GAINSIGHT_BASE_URL": ""}).out, "the only one it knows"
    named = trial.publish(env={"GAINSIGHT_CONNECTION": "another name"})
    assert (named.result["connection"], named.result["plan"]["unchanged"]) == ("another name", 0)


def test_a_wrong_key_shows_though_nothing_has_changed(bench: Bench) -> None:
    """Seen: exit 0."""
    assert bench.publish().code == 0
    ended = bench.publish(env={"GAINSIGHT_ACCESS_KEY": "wrong-key"})
    assert ended.code == 2
    assert "GAINSIGHT_ACCESS_KEY" in ended.json["error"]


def of_an_earlier_version(bench: Bench) -> None:
    """Take out of the state what that version did not know."""
    for table in ("state", "runs", "rejections", "intents", "uploads", "calls"):
        bench.sql(f"alter table main_publish.publish_{table} drop column connection")
    for table in ("connections", "objects", "links", "later", "locks"):
        bench.sql(f"drop table main_publish.publish_{table}")


def test_a_state_of_before_belongs_to_nobody_until_it_is_adopted(bench: Bench) -> None:
    assert bench.publish().code == 0
    of_an_earlier_version(bench)
    made = len(bench.box.calls)
    refused = bench.publish()
    assert (refused.code, len(bench.box.calls)) == (3, made)
    assert "100 rows of an earlier version" in refused.json["error"]
    assert "publish will refuse" in bench.run("plan").err
    adopted = bench.run("adopt", "--output", "json")
    assert adopted.code == 0, adopted.err
    assert adopted.json["adoptions"][0]["rows"] == adopted.json["adoptions"][0]["found"] == 100
    again = bench.publish()
    assert (again.code, again.result["rows_accepted"], again.result["plan"]["unchanged"]) == (0, 0, 100)
    bench.assert_settled(MODELS)


def test_a_state_of_another_tenant_is_not_adopted(tenants: tuple[Bench, Bench]) -> None:
    trial, production = tenants
    assert trial.publish().code == 0
    of_an_earlier_version(trial)
    env = {"GAINSIGHT_BASE_URL": production.box.url}
    adopted = trial.run("adopt", env=env)
    assert adopted.code == 1
    assert "0 of 100 looked for are there" in adopted.out
    assert trial.sql("select count(*) from main_publish.publish_state where connection is null") == [(100,)]
    ended = trial.publish(env=env)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 100), ended.err
    assert len(production.box.rows("Instance_Usage__gc")) == 60


def test_a_tenant_with_another_address_keeps_its_state_when_it_is_told(bench: Bench) -> None:
    assert bench.publish(env={"GAINSIGHT_CONNECTION": "old"}).code == 0
    renamed = {"GAINSIGHT_CONNECTION": "new"}
    assert bench.run("adopt", "--from", "old", env=renamed).code == 0
    ended = bench.publish(env=renamed)
    assert (ended.code, ended.result["rows_accepted"], ended.result["plan"]["unchanged"]) == (0, 0, 100)
