"""What a mart is of: an older day, another grain and scores that vanish at once are refused unless they are meant."""

from __future__ import annotations

import pytest
from harness import Bench


def of(bench: Bench, **columns: str) -> None:
    """What dbt noted of the marts."""
    for column, value in columns.items():
        bench.sql(f"update main_publish.dbt_results set {column} = {value}")


def test_a_mart_as_of_an_earlier_day_is_refused_unless_it_is_meant(bench: Bench) -> None:
    """Seen: 120 companies overwritten with what was true a month before, without a word."""
    of(bench, as_of="'2026-06-30'")
    assert bench.publish().code == 0
    of(bench, as_of="'2026-05-31'")
    bench.sql("update gainsight__company_health set overall_score = overall_score + 1")
    made = len(bench.box.calls)
    refused = bench.publish()
    assert (refused.code, len(bench.box.calls)) == (3, made)
    assert "the mart is as of 2026-05-31, older than what stands (as of 2026-06-30)" in refused.json["error"]
    planned = bench.run("plan")
    assert "older than what stands" in planned.out
    ended = bench.publish("--allow-older")
    assert (ended.code, ended.result["rows_accepted"]) == (0, 10)
    assert bench.publish().code == 0, "what stands is of that day now"


def test_another_grain_is_refused_unless_it_is_meant(bench: Bench) -> None:
    of(bench, grain="'month'")
    assert bench.publish().code == 0
    of(bench, grain="'week'")
    refused = bench.publish()
    assert refused.code == 3
    assert "Instance_Usage__gc: the mart has a row a week, what stands has one a month" in refused.json["error"]
    assert "Company" not in refused.json["error"], "its rows are of no period"
    assert bench.publish("--allow-grain-change").code == 0


def test_the_plan_says_how_old_the_input_is(bench: Bench) -> None:
    of(bench, as_of="'2026-06-30'", newest_ping_at="timestamp '2026-04-21 10:00:00'")
    plan = bench.run("plan", "--output", "json").json["plans"][0]
    assert (plan["as_of"], plan["newest_ping_at"], plan["input_age_days"]) == ("2026-06-30", "2026-04-21T10:00:00", 70)
    assert "the newest ping arrived 2026-04-21, 70 days before that" in bench.run("plan").out


@pytest.mark.parametrize(("cleared", "code"), [(1, 0), (5, 0), (6, 3), (10, 3)])
def test_more_than_a_tenth_of_a_fields_values_and_more_than_five_are_not_cleared_at_once(
    bench: Bench, cleared: int, code: int
) -> None:
    """Ten companies have a score; 70 days after the last file all of them would lose it."""
    assert bench.publish().code == 0
    bench.sql(
        "update gainsight__company_health set overall_score = null"
        f" where cast(substr(account_id, 2) as integer) < {cleared}"
    )
    ended = bench.publish()
    assert ended.code == code
    if code:
        text = f"Company.Health_Score__gc: {cleared} of 10 values would become null, more than 10%"
        assert text in ended.json["error"]
        assert bench.publish("--max-null-overwrites", "10").code == 0


def test_of_many_values_a_tenth_may_go(bench: Bench) -> None:
    bench.sql("insert into gainsight__instances (instance_id, hostname) select 'x' || i, 'h' from range(70) as r(i)")
    assert bench.publish("--select", "gainsight__instances").code == 0
    bench.sql(
        "update gainsight__instances set hostname = null where instance_id in (select 'x' || i from range(10) r(i))"
    )
    assert bench.publish("--select", "gainsight__instances").code == 0, "10 of 100"
    bench.sql("update gainsight__instances set hostname = null where licensed_seats < 10")
    assert bench.publish("--select", "gainsight__instances").code == 3, "10 of the 90 that are left"
