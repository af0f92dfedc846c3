"""Plans, caps and quotas: what is said beforehand is what happens, and nothing goes over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness import Bench, calls_of


def planned(bench: Bench, *arguments: str, env: dict[str, str] | None = None) -> Any:
    """The plan."""
    ended = bench.run("plan", "--output", "json", *arguments, env=env)
    assert ended.code == 0, ended.err
    return ended.json["plans"][0]


def test_a_plan_calls_nothing_and_writes_nothing(bench: Bench) -> None:
    before = bench.database.read_bytes()
    plan = planned(bench, env={"GAINSIGHT_BASE_URL": "", "GAINSIGHT_ACCESS_KEY": ""})
    assert bench.box.calls == []
    assert bench.database.read_bytes() == before
    assert (plan["new"], plan["changed"], plan["calls"]) == (100, 0, 11)
    by_purpose = {"metadata": 1, "look-ups": 1, "finds": 3, "writes": 4, "read-backs": 2, "deletes": 0}
    assert plan["calls_by_purpose"] == by_purpose, "each of the two objects that are inserted is read back once"


def test_a_plan_says_minutes_at_the_limit_and_share_of_the_day(bench: Bench) -> None:
    plan = planned(bench, env={"GAINSIGHT_CALLS_PER_MINUTE": "4", "GAINSIGHT_CALLS_PER_DAY": "90"})
    assert (plan["calls"], plan["minutes_at_limit"], plan["quota_share"]) == (11, 2.0, 0.1222)


def test_a_plan_counts_the_values_that_would_become_null(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set hostname = null where licensed_seats < 4")
    bench.sql("update gainsight__instances set account_id = null where licensed_seats = 9")
    bench.sql("update gainsight__instance_usage set active_users = 1 where instance_id = 'i1'")
    plan = planned(bench)
    by_object = {each["object"]: each["null_overwrites"] for each in plan["models"]}
    assert by_object["Instance_Data__gc"] == {"Hostname__gc": 4, "Company_Id__gc": 1}
    assert by_object["Instance_Usage__gc"] == {}, "Activity_Status__gc was null before"
    assert plan["null_overwrites"] == 5
    text = bench.run("plan").out
    assert "Instance_Data__gc.Hostname__gc: 4 values would become null." in text


def test_a_plan_over_a_cap_sends_nothing_and_one_at_the_cap_goes(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set hostname = null where licensed_seats < 4")
    calls = len(bench.box.calls)
    over = bench.publish("--max-null-overwrites", "3")
    assert (over.code, len(bench.box.calls)) == (3, calls)
    assert "4 values overwritten by null, more than --max-null-overwrites 3 allows" in over.json["error"]
    over = bench.publish("--max-calls", "2")
    assert (over.code, len(bench.box.calls)) == (3, calls)
    assert "3 calls, more than --max-calls 2 allows" in over.json["error"]
    ended = bench.publish("--max-null-overwrites", "4", "--max-calls", "3")
    assert (ended.code, ended.result["api_calls"]) == (0, 3)


def test_values_of_records_we_never_wrote_count_as_overwritten_by_null(bench: Bench) -> None:
    company = next(r for r in bench.box.rows("Company") if r["SfdcAccountId"] == "A3")
    bench.box.update("Company", company["Gsid"], {"Health_Color__gc": "set by a person"})
    bench.sql("update gainsight__company_health set overall_color = null, measured_on = null")
    over = bench.publish("--max-null-overwrites", "0")
    assert over.code == 3, over.err
    assert "1 values overwritten by null" in over.json["error"]
    assert not {name for name, _ in calls_of(bench.box)} & {"insert", "update"}
    assert bench.publish("--max-null-overwrites", "1").code == 0


def test_what_exceeds_the_days_quota_waits_and_the_most_important_goes_first(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instance_usage set active_users = 999 where instance_id < 'i2'")
    bench.sql(
        "insert into gainsight__instance_usage select 'i' || (i // 40), date '2020-01-02' + cast(i as integer), null, 1, 1, null"
        " from range(500) as r(i)"
    )
    first = {row["Period_Start__gc"] for row in bench.box.rows("Instance_Usage__gc")}
    used = len(bench.box.calls)
    bench.box.clear_calls()
    # Metadata, look-ups, the changed rows, and to create 50: a look whether they are there, a write, a read-back.
    ended = bench.publish(env={"GAINSIGHT_CALLS_PER_DAY": str(used + 6)})
    assert ended.code == 4, ended.err
    assert len(bench.box.calls) == 6
    rows = bench.box.rows("Instance_Usage__gc")
    assert sum(r["Active_Users__gc"] == 999 for r in rows) == 24, "changed rows come first"
    new = sorted(r["Period_Start__gc"] for r in rows if r["Period_Start__gc"] not in first)
    assert len(new) == 50, "then as many new rows as the calls take"
    newest = bench.sql(
        "select min(period_start) from (select period_start from gainsight__instance_usage"
        " where account_id is null order by period_start desc limit 50)"
    )[0][0]
    assert new[0] == newest.isoformat(), "the current period comes before old ones"
    assert "450 rows are left for the next run" in ended.json["error"]
    nothing = bench.publish(env={"GAINSIGHT_CALLS_PER_DAY": str(used + 6)})
    assert nothing.code == 4
    assert len(bench.box.calls) == 6
    assert bench.publish().code == 0
    bench.assert_settled()


def test_the_days_calls_are_counted_over_runs_and_commands(bench: Bench) -> None:
    bench.publish()
    bench.run("check")
    bench.run("reconcile")
    calls = bench.sql("select day, calls from main_publish.publish_calls")
    assert calls == [(datetime.now(UTC).date(), len(bench.box.calls))]
    assert planned(bench, env={"GAINSIGHT_CALLS_PER_DAY": "1000"})["quota_remaining"] == 1000 - len(bench.box.calls)


def test_yesterdays_calls_do_not_count_today(bench: Bench) -> None:
    bench.publish()
    bench.sql("update main_publish.publish_calls set day = day - 1, last_call_at = last_call_at - interval 1 day")
    assert planned(bench, env={"GAINSIGHT_CALLS_PER_DAY": "1000"})["quota_remaining"] == 1000


def test_an_m2m_client_needs_one_call_more_and_the_plan_says_so(bench: Bench) -> None:
    env = {
        "GAINSIGHT_ACCESS_KEY": "",
        "GAINSIGHT_CLIENT_ID": bench.box.client_id,
        "GAINSIGHT_CLIENT_SECRET": bench.box.client_secret,
    }
    plan = planned(bench, env=env)
    ended = bench.publish(env=env)
    assert ended.code == 0, ended.err
    assert ended.result["api_calls"] == plan["calls"] == len(bench.box.calls) == 12
    assert calls_of(bench.box)["token", None] == 1
    again = bench.publish(env=env).result
    assert again["api_calls"] == again["plan"]["calls"] == 2, "a token for the look-ups"


def test_a_plan_says_why_publish_would_refuse_it(bench: Bench) -> None:
    """The gate, and a share of values that is not lost on one day: publish says the same words."""
    bench.publish()
    assert planned(bench)["refusals"] == []
    bench.sql("update gainsight__instances set hostname = null")
    results = bench.folder / "target" / "run_results.json"
    results.write_text(results.read_text().replace('"status": "success"', '"status": "error"', 1))
    ended = bench.run("plan", "--output", "json")
    gate, share = ended.json["plans"][0]["refusals"]
    assert (ended.code, gate.startswith("The gate is closed")) == (0, True)
    assert share.startswith("Instance_Data__gc.Hostname__gc: 30 of 30 values would become null")
    assert f"publish will refuse: {gate}" in ended.err and f"publish will refuse: {share}" in ended.err
    assert bench.publish().json["error"] == gate
    assert bench.publish("--no-gate").json["error"] == share


def test_a_mart_that_lost_all_its_rows_is_told_where_its_records_stay(bench: Bench) -> None:
    """Nothing is deleted or cleared, so nothing is refused; but nobody should take it for a good day."""
    bench.publish()
    bench.sql("delete from gainsight__instances")
    told = "gainsight__instances is empty; 30 records of Instance_Data__gc stay as they are."
    assert told in planned(bench)["remarks"]
    ended = bench.publish()
    assert ended.code == 0 and ended.result["message"].endswith(told)


def test_a_plan_says_what_a_run_that_was_cut_off_left_to_be_looked_for(bench: Bench) -> None:
    """So that its numbers and those of the publish, which does so first, are understood."""
    bench.publish()
    bench.sql("delete from main_publish.publish_state where row_key in ('[\"i1\"]', '[\"i2\"]')")
    bench.sql(
        "insert into main_publish.publish_intents (destination, connection, object, row_key, run_id, sent_at, created_by_us)"
        " select destination, connection, 'Instance_Data__gc', unnest(['[\"i1\"]', '[\"i2\"]']), run_id,"
        " timestamp '2100-01-01', true from main_publish.publish_runs"
    )
    plan = planned(bench)
    assert (plan["new"], len(plan["remarks"])) == (2, 1)
    assert "publish first looks for the 2 rows that it was about to send" in plan["remarks"][0]
    ended = bench.publish()
    assert (ended.result["plan"]["new"], ended.result["rows_accepted"]) == (0, 2), "found, not sent"
    assert planned(bench)["remarks"] == []


def test_status_says_how_the_last_run_to_each_destination_ended(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set version = 'new'")
    refused = bench.publish("--max-calls", "1")
    assert f"gainsight: {refused.json['error']}" in bench.run("status").out
    bench.publish()
    assert refused.json["error"] not in bench.run("status").out, "a later run ended well"
