"""docs/gainsight.md, "First day in a real tenant": its commands say what the page says they say, in a tenant that is as
assumed and in ones that are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from harness import HERE, REFUSED_BY_REPLY, Bench, Ended

from sandbox import Switches

PAGE = (HERE.parent.parent / "docs" / "gainsight.md").read_text(encoding="utf-8")
STEPS = {
    int(row[1]): row[2] for row in re.finditer(r"^\| (\d+) \| [^|]* \| ([^|]*) \|", PAGE.partition("## 11.")[2], re.M)
}
COMPANY, DATA, USAGE = "Company", "Instance_Data__gc", "Instance_Usage__gc"


def commands(step: int) -> list[tuple[dict[str, str], list[str]]]:
    """The settings and arguments of a step's commands, in order."""
    text = STEPS[step] if not STEPS[step].startswith("the same") else STEPS[step - 1]
    found = re.findall(r"`((?:[A-Z_]+=\S+ )*)loader ([^`]+)`", text)
    return [(dict(each.split("=", 1) for each in settings.split()), rest.split()) for settings, rest in found]


def follow(bench: Bench, step: int, **more: str) -> list[Ended]:
    """Run a step's commands."""
    return [bench.run(*arguments, env={**settings, **more}) for settings, arguments in commands(step)]


def filled(bench: Bench) -> Bench:
    """With one company whose color is not known."""
    bench.fill()
    bench.sql("update gainsight__company_health set overall_color = null where account_id = 'A0'")
    return bench


@pytest.fixture
def tenant(make_bench: Callable[..., Bench]) -> Callable[..., Bench]:
    """Makes a tenant with its mart."""
    return lambda **options: filled(make_bench(**options))


def codes(ended: list[Ended]) -> list[int]:
    return [each.code for each in ended]


def types_into(bench: Bench, name: str, key: str, value: str, field: str, text: Any) -> None:
    """A person changes a field."""
    (record,) = (row for row in bench.box.rows(name) if row[key] == value)
    bench.box.update(name, record["Gsid"], {field: text})


def test_a_tenant_that_is_as_assumed_goes_through_step_by_step(tenant: Callable[..., Bench]) -> None:
    bench = tenant()
    (ended,) = follow(bench, 1)
    assert ended.code == 0
    (ended,) = follow(bench, 1, GAINSIGHT_ACCESS_KEY="another-key")
    assert ended.code == 2 and "refused the credentials" in ended.err
    assert codes(follow(bench, 4)) == [0]
    assert codes(follow(bench, 5)) == [0]
    assert sum(row["Health_Score__gc"] is not None for row in bench.box.rows(COMPANY)) == 5
    assert codes(follow(bench, 6)) == [0]
    types_into(bench, COMPANY, "SfdcAccountId", "A0", "Health_Color__gc", "x")
    (ended,) = follow(bench, 8)
    assert ended.code == 0 and "changed nothing" not in ended.out
    assert codes(follow(bench, 9)) == [0]
    assert codes(follow(bench, 12)) == [0]
    assert codes(follow(bench, 13)) == [0]
    bench.box.delete(DATA, bench.box.rows(DATA)[0]["Gsid"])
    assert codes(follow(bench, 14)) == [0]
    assert bench.box.count(DATA) == 30
    bench.box.create_bulk_job("job-usage", USAGE, keys=["Instance_Id__gc", "Period_Start__gc"])
    bulk = {f"GAINSIGHT_BULK_JOB_{USAGE.upper()}": "job-usage", "GAINSIGHT_BULK_THRESHOLD": "50"}
    assert codes(follow(bench, 18, **bulk)) == [0, 0]
    assert codes(follow(bench, 19)) == [0, 0]
    assert bench.run("reconcile").code == 0
    assert [bench.box.count(name) for name in (COMPANY, DATA, USAGE)] == [10, 30, 60]


@pytest.mark.parametrize("partial", ["never", "count_written", "count_all"])
def test_one_bad_row_does_not_spoil_its_batch_whatever_the_reply(tenant: Callable[..., Bench], partial: Any) -> None:
    """Step 11."""
    bench = tenant(objects=REFUSED_BY_REPLY, switches=Switches(partial_success=partial))
    bench.sql("update gainsight__instances set instance_type = 'Something else' where instance_id in ('i3', 'i7')")
    (ended,) = follow(bench, 11)
    assert ended.code == 1
    assert {key for _, key in bench.rejections()} == {'["i3"]', '["i7"]'}
    assert {code for _, code in bench.rejections().values()} == {"GSOBJ_1012"}
    assert bench.box.count(DATA) == 28


def test_what_differs_is_told_with_the_setting_that_mends_it(tenant: Callable[..., Bench]) -> None:
    """Steps 7, 8 and 12: numbers without decimals, nulls that clear nothing, keys without case."""
    bench = tenant(switches=Switches(number_places=0, null_write="ignored", text_case_blind=True))
    assert codes(follow(bench, 5)) == [0]
    (ended,) = follow(bench, 7)
    assert ended.code == 1 and "drifted" in ended.out
    places = {"GAINSIGHT_DECIMAL_PLACES": "0"}
    assert codes(follow(bench, 7, **places)) == [0]
    types_into(bench, COMPANY, "SfdcAccountId", "A0", "Health_Color__gc", "x")
    (ended,) = follow(bench, 8, **places)
    assert ended.code == 1 and "The repair changed nothing of 1 differences" in " ".join(ended.out.split())
    assert codes(follow(bench, 9)) == [0]
    (ended,) = follow(bench, 12)
    assert ended.code == 0 and "GAINSIGHT_KEYS_IGNORE=case" in " ".join(ended.out.split())
