"""Publish: what is sent, what is recorded, and what a second run does."""

from __future__ import annotations

import pytest
from harness import Bench, calls_of


def test_every_row_arrives_and_a_second_run_resolves_look_ups_and_nothing_else(bench: Bench) -> None:
    first = bench.publish()
    assert first.code == 0, first.err
    assert first.result["rows_accepted"] == 10 + 30 + 60
    bench.assert_settled()
    made = len(bench.box.calls)
    assert first.result["api_calls"] == made == first.result["plan"]["calls"]

    second = bench.publish()
    assert second.code == 0, second.err
    assert second.result["plan"]["unchanged"] == 100
    assert second.result["api_calls"] == second.result["plan"]["calls"] == 1
    assert [(c.operation, c.object) for c in bench.box.calls[made:]] == [("query", "Company")]


def test_changed_rows_take_the_calls_that_the_plan_had_said(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set version = '17.2' where licensed_seats < 7")
    planned = bench.run("plan", "--output", "json").json["plans"][0]
    assert (planned["changed"], planned["new"], planned["unchanged"]) == (7, 0, 93)
    before = calls_of(bench.box)
    ended = bench.publish()
    assert ended.code == 0, ended.err
    assert ended.result["api_calls"] == planned["calls"] == 3
    assert calls_of(bench.box) - before == {
        ("describe", None): 1,
        ("query", "Company"): 1,
        ("update", "Instance_Data__gc"): 1,
    }
    bench.assert_settled()


def test_new_rows_are_not_created_when_they_are_there_already(bench: Bench) -> None:
    bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": f"i{n}"} for n in range(5)])
    ended = bench.publish()
    assert ended.code == 0, ended.err
    bench.assert_settled()
    created = {key for (name, key), (_, ours) in bench.state().items() if name == "Instance_Data__gc" and ours}
    assert len(created) == 25
    assert '["i4"]' not in created


@pytest.mark.parametrize(("there", "finds"), [(0, 2), (1, 4)])
def test_of_an_empty_object_nothing_is_looked_for_by_key(bench: Bench, there: int, finds: int) -> None:
    """5,001 rows take two calls to find, and one before them says whether there is anything to find; one more says whose
    ids the first insert gave."""
    bench.sql("delete from gainsight__instances")
    bench.sql("insert into gainsight__instances (instance_id, account_id) select 'i' || i, 'A1' from range(5001) r(i)")
    if there:
        bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": "i4"}])
    only = ("--select", "gainsight__instances")
    planned = bench.run("plan", "--output", "json", *only).json["plans"][0]
    ended = bench.publish(*only)
    assert ended.code == 0, ended.err
    assert calls_of(bench.box)["query", "Instance_Data__gc"] == finds
    assert planned["calls_by_purpose"]["finds"] == 3
    assert ended.result["api_calls"] == planned["calls"] - 4 + finds
    assert ended.result["rows_accepted"] == bench.box.count("Instance_Data__gc") == 5001


def test_update_mode_never_creates_and_names_what_has_no_match(bench: Bench) -> None:
    bench.sql("insert into gainsight__company_health values ('nobody', 'red', 1, null)")
    ended = bench.publish()
    assert ended.code == 1
    assert bench.rejections() == {("Company", '["nobody"]'): ("SfdcAccountId", "NO_MATCH")}
    assert bench.box.count("Company") == 10
    again = bench.publish()
    assert (again.code, again.result["rows_rejected"], again.result["api_calls"]) == (1, 1, 1), "not looked for again"


def test_a_lookup_without_a_match_rejects_the_row_and_names_the_account(bench: Bench) -> None:
    bench.sql("update gainsight__instances set account_id = 'A-unknown' where instance_id = 'i3'")
    ended = bench.publish()
    assert ended.code == 1
    bench.assert_settled()
    assert bench.rejections() == {("Instance_Data__gc", '["i3"]'): ("Company_Id__gc", "NO_LOOKUP_MATCH")}
    message = bench.sql("select message from main_publish.publish_rejections")[0][0]
    assert message == "no Company has SfdcAccountId = A-unknown"


def test_a_refused_row_that_is_as_it_was_or_that_the_mart_has_lost_is_not_told_as_refused(bench: Bench) -> None:
    """Seen: status listed for ever what plan and publish had long counted as unchanged, or did not know."""
    bench.publish()
    bench.sql("update gainsight__instances set hostname = repeat('x', 501) where instance_id in ('i3', 'i4')")
    bench.sql("insert into gainsight__instances (instance_id, hostname) values ('new', repeat('x', 501))")
    assert bench.publish().result["rows_rejected"] == 3
    bench.sql("update gainsight__instances set hostname = 'host3' where instance_id = 'i3'")
    bench.sql("delete from gainsight__instances where instance_id = 'new'")
    ended = bench.publish()
    assert (ended.code, ended.result["rows_rejected"]) == (1, 1)
    told = bench.run("status", "--output", "json").json["rejections"]
    assert [(each["object"], each["row_key"]) for each in told] == [("Instance_Data__gc", '["i4"]')]


def test_a_null_lookup_sends_null(bench: Bench) -> None:
    bench.sql("update gainsight__instances set account_id = null where instance_id = 'i3'")
    assert bench.publish().code == 0
    bench.assert_settled()


def test_null_and_duplicate_keys_are_rejected_before_anything_is_sent(bench: Bench) -> None:
    bench.sql("insert into gainsight__instances (instance_id, version) values (null, 'a'), (null, 'b')")
    bench.sql("insert into gainsight__instances (instance_id, version) values ('i1', 'twin')")
    bench.sql("update gainsight__instance_usage set period_start = null where instance_id = 'i9'")
    ended = bench.publish()
    assert ended.code == 1
    assert ended.result["rows_rejected"] == 2 + 2 + 2
    found = bench.sql("select object, row_key, field, code, message from main_publish.publish_rejections order by all")
    assert found == [
        ("Instance_Data__gc", '["i1"]', "Instance_Id__gc", "DUPLICATE_KEY", "the key stands in 2 rows of the model"),
        ("Instance_Data__gc", '["i1"]', "Instance_Id__gc", "DUPLICATE_KEY", "the key stands in 2 rows of the model"),
        ("Instance_Data__gc", "[null]", "Instance_Id__gc", "NULL_KEY", "a part of the key is null"),
        ("Instance_Data__gc", "[null]", "Instance_Id__gc", "NULL_KEY", "a part of the key is null"),
        ("Instance_Usage__gc", '["i9",null]', "Period_Start__gc", "NULL_KEY", "a part of the key is null"),
        ("Instance_Usage__gc", '["i9",null]', "Period_Start__gc", "NULL_KEY", "a part of the key is null"),
    ]
    assert '["i1"]' not in {key for name, key in bench.state() if name == "Instance_Data__gc"}
    again = bench.publish()
    assert (again.code, again.result["rows_rejected"], again.result["api_calls"]) == (1, 6, 1)
    assert bench.sql("select count(*) from main_publish.publish_rejections") == [(6,)]


def test_a_duplicate_that_appears_later_keeps_what_stands(bench: Bench) -> None:
    bench.publish()
    bench.sql("insert into gainsight__instances (instance_id, version) values ('i1', 'twin')")
    ended = bench.publish()
    assert (ended.code, ended.result["plan"]["gone"]) == (1, 0)
    assert ("Instance_Data__gc", '["i1"]') in bench.state()


def test_nan_and_infinity_are_rejected_and_never_null(bench: Bench) -> None:
    bench.sql("update gainsight__instance_usage set utilization = 'nan' where instance_id = 'i1'")
    bench.sql("update gainsight__instance_usage set utilization = '-inf' where instance_id = 'i2'")
    ended = bench.publish()
    assert (ended.code, ended.result["rows_rejected"]) == (1, 4)
    assert set(bench.rejections().values()) == {("Utilization__gc", "NOT_FINITE")}
    bench.assert_settled()


def test_a_rejected_row_is_tried_again_when_it_changed_or_when_asked(bench: Bench) -> None:
    bench.sql("update gainsight__instances set instance_type = 'Nonsense' where instance_id = 'i3'")
    first = bench.publish()
    assert (first.code, first.result["rows_rejected"]) == (1, 1)
    assert bench.rejections() == {("Instance_Data__gc", '["i3"]'): ("Suggested_Type__gc", "GSOBJ_1012")}
    second = bench.publish()
    assert (second.code, second.result["rows_rejected"], second.result["api_calls"]) == (1, 1, 1)
    asked = bench.publish("--retry-rejected")
    assert (asked.code, asked.result["rows_rejected"]) == (1, 1)
    assert asked.result["api_calls"] > 1
    bench.sql("update gainsight__instances set instance_type = 'Production' where instance_id = 'i3'")
    changed = bench.publish()
    assert (changed.code, changed.result["rows_rejected"]) == (0, 0)
    assert bench.rejections() == {}
    bench.assert_settled()


def test_rejections_within_the_allowed_share_exit_0_and_say_so(bench: Bench) -> None:
    bench.sql("update gainsight__instances set instance_type = 'Nonsense' where instance_id = 'i3'")
    ended = bench.publish("--max-rejected-share", "0.01")
    assert ended.code == 0
    assert "1 rejected (1.00% of the model's rows, allowed 1.00%)" in ended.result["message"]
    assert bench.publish("--max-rejected-share", "0.0099").code == 1


def test_a_value_that_is_too_long_costs_its_row_alone(bench: Bench) -> None:
    bench.sql("update gainsight__instances set hostname = repeat('x', 251) where instance_id = 'i3'")
    ended = bench.publish()
    assert ended.code == 1
    assert bench.rejections() == {("Instance_Data__gc", '["i3"]'): ("Hostname__gc", "GSOBJ_1001")}
    bench.assert_settled()


def test_a_record_that_vanished_is_created_again_and_in_update_mode_rejected(bench: Bench) -> None:
    bench.publish()
    for name, field, key in (("Instance_Data__gc", "Instance_Id__gc", "i3"), ("Company", "SfdcAccountId", "A3")):
        bench.box.delete(name, next(r["Gsid"] for r in bench.box.rows(name) if r[field] == key))
    bench.sql("update gainsight__instances set version = 'x', account_id = null")
    bench.sql("update gainsight__instance_usage set account_id = null")
    bench.sql("update gainsight__company_health set overall_score = 1")
    ended = bench.publish()
    assert ended.code == 1, ended.err
    assert bench.rejections() == {("Company", '["A3"]'): ("SfdcAccountId", "NO_MATCH")}
    assert bench.box.count("Instance_Data__gc") == 30
    assert bench.box.count("Company") == 9


def test_full_sends_everything_again_as_updates(bench: Bench) -> None:
    bench.publish()
    before = calls_of(bench.box)
    ended = bench.publish("--full")
    assert (ended.code, ended.result["rows_accepted"]) == (0, 100)
    done = calls_of(bench.box) - before
    assert {name for name, _ in done} == {"describe", "query", "update"}
    bench.assert_settled()


def test_gone_rows_stay_at_the_destination_in_upsert_mode(bench: Bench) -> None:
    bench.publish()
    bench.sql("delete from gainsight__instances where instance_id = 'i3'")
    ended = bench.publish()
    assert (ended.code, ended.result["plan"]["gone"], ended.result["api_calls"]) == (0, 1, 1)
    assert bench.box.count("Instance_Data__gc") == 30


def test_a_value_that_becomes_null_is_sent_as_null(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set hostname = null, licensed_seats = null where instance_id = 'i3'")
    assert bench.publish().code == 0
    bench.assert_settled()


def test_the_label_field_is_never_touched(bench: Bench) -> None:
    bench.publish()
    for row in bench.box.rows("Instance_Data__gc"):
        bench.box.update("Instance_Data__gc", row["Gsid"], {"Instance_Type__gc": "Production"})
    bench.sql("update gainsight__instances set version = 'x'")
    assert bench.publish("--full").code == 0
    assert {r["Instance_Type__gc"] for r in bench.box.rows("Instance_Data__gc")} == {"Production"}


def test_every_kind_of_value_survives_the_way_there(bench: Bench) -> None:
    odd = ["", " ", "0", "null", "é漢🎉", "a\nb\tc", '"quoted"', "it's; drop table", "\\u0000", "x" * 250]
    for number, text in enumerate(odd):
        bench.sql("update gainsight__instances set hostname = ? where instance_id = ?", [text, f"i{number}"])
    bench.sql("update gainsight__instances set licensed_seats = 9007199254740993 where instance_id = 'i1'")
    bench.sql("update gainsight__instance_usage set utilization = 1e-12 where instance_id = 'i1'")
    bench.sql("update gainsight__instance_usage set utilization = -1.7e300 where instance_id = 'i2'")
    bench.sql("insert into gainsight__instances (instance_id) values ('\"odd\\ key''é')")
    ended = bench.publish()
    assert ended.code == 0, ended.err
    bench.assert_settled()
    assert bench.publish().result["plan"]["unchanged"] == 101


def test_a_change_of_any_published_column_is_a_change(bench: Bench) -> None:
    bench.publish()
    changes = {
        "instances": {
            "hostname": "''", "version": "null", "instance_type": "'Unknown'", "licensed_seats": "77",
            "is_production": "null", "last_ping_at": "timestamp '2026-01-02 03:04:05.123457'", "account_id": "'A2'",
        },
        "instance_usage": {"utilization": "utilization + 1e-9", "active_users": "0", "activity_status": "''"},
    }  # fmt: skip
    for model, columns in changes.items():
        for column, value in columns.items():
            bench.sql(f"update gainsight__{model} set {column} = {value} where instance_id = 'i1'")
            plan = bench.run("plan", "--output", "json").json["plans"][0]
            assert plan["changed"] == (1 if model == "instances" else 2), column
            assert bench.publish().code == 0


def test_mirror_mode_deletes_only_what_we_created_and_is_gone(bench: Bench) -> None:
    mirror(bench)
    bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": "i1"}, {"Instance_Id__gc": "stranger"}])
    assert bench.publish().code == 0
    bench.sql("delete from gainsight__instances where instance_id in ('i1', 'i2', 'i3')")
    planned = bench.run("plan", "--output", "json").json["plans"][0]
    assert (planned["gone"], planned["deletes"], planned["calls_by_purpose"]["deletes"]) == (3, 2, 2)
    ended = bench.publish()
    assert (ended.code, ended.result["rows_deleted"]) == (0, 2), ended.err
    left = {row["Instance_Id__gc"] for row in bench.box.rows("Instance_Data__gc")}
    assert {"i1", "stranger"} <= left
    assert not {"i2", "i3"} & left
    assert ended.result["api_calls"] == planned["calls"]


def test_more_deletes_than_allowed_delete_nothing(bench: Bench) -> None:
    mirror(bench)
    bench.publish()
    bench.sql("delete from gainsight__instances where licensed_seats < 6")
    refused = bench.publish("--max-deletes", "5")
    assert refused.code == 3
    assert "6 deletes, more than --max-deletes 5 allows" in refused.json["error"]
    assert bench.box.count("Instance_Data__gc") == 30
    assert bench.publish("--max-deletes", "6").code == 0
    assert bench.box.count("Instance_Data__gc") == 24


def mirror(bench: Bench) -> None:
    """Turn the instances' model to mirror mode, as a rebuild of the project would."""
    for path in (bench.folder / "models" / "schema.yml", bench.folder / "target" / "manifest.json"):
        text = path.read_text()
        for before, after in ((": upsert", ": mirror"), ('"mode": "upsert"', '"mode": "mirror"')):
            text = text.replace(before, after)
        path.write_text(text)
