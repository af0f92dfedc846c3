"""Reconcile: what is missing, extra or drifted at the destination, and how it is repaired."""

from __future__ import annotations

from typing import Any

from harness import Bench

ARGUMENTS = ("reconcile", "--output", "json")


def gsid(bench: Bench, instance: str) -> str:
    """The record of an instance."""
    rows = bench.box.rows("Instance_Data__gc")
    return str(next(row["Gsid"] for row in rows if row["Instance_Id__gc"] == instance))


def damage(bench: Bench) -> None:
    """One record deleted, one changed, one added by somebody, one company changed."""
    bench.box.delete("Instance_Data__gc", gsid(bench, "i1"))
    bench.box.update("Instance_Data__gc", gsid(bench, "i2"), {"Hostname__gc": "other"})
    bench.box.update("Instance_Data__gc", gsid(bench, "i3"), {"Company_Id__gc": None})
    bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": "stranger"}])
    company = next(r for r in bench.box.rows("Company") if r["SfdcAccountId"] == "A4")
    bench.box.update("Company", company["Gsid"], {"Health_Measured_On__gc": "2020-02-02"})


def found(document: Any) -> set[tuple[str, str, str, str]]:
    """Kind, object, key and field of each difference."""
    return {(d["kind"], d["object"], d["row_key"], d["field"]) for d in document["differences"]}


def test_what_was_just_published_has_no_difference(bench: Bench) -> None:
    bench.publish()
    ended = bench.run(*ARGUMENTS)
    assert ended.code == 0, ended.err
    assert ended.json["differences"] == []


def test_missing_extra_and_drifted_rows_are_listed_with_their_fields(bench: Bench) -> None:
    bench.publish()
    damage(bench)
    ended = bench.run(*ARGUMENTS)
    assert ended.code == 1, ended.err
    assert found(ended.json) == {
        ("missing", "Instance_Data__gc", '["i1"]', ""),
        ("drifted", "Instance_Data__gc", '["i2"]', "Hostname__gc"),
        ("drifted", "Instance_Data__gc", '["i3"]', "Company_Id__gc"),
        ("extra", "Instance_Data__gc", '["stranger"]', ""),
        ("drifted", "Company", '["A4"]', "Health_Measured_On__gc"),
    }


def test_repair_sends_missing_and_drifted_rows_again_and_leaves_extra_ones(bench: Bench) -> None:
    bench.publish()
    damage(bench)
    ended = bench.run(*ARGUMENTS, "--repair")
    assert ended.code == 1, ended.err
    bench.assert_settled(extra=1)
    again = bench.run(*ARGUMENTS)
    assert found(again.json) == {("extra", "Instance_Data__gc", '["stranger"]', "")}


def test_a_row_that_changed_since_it_was_sent_is_not_called_drifted(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set version = '18' where instance_id = 'i5'")
    ended = bench.run(*ARGUMENTS)
    assert (ended.code, ended.json["differences"]) == (0, [])


def test_repair_sends_nothing_but_what_differed(bench: Bench) -> None:
    bench.publish()
    bench.sql("update gainsight__instances set version = '18' where instance_id = 'i5'")
    bench.box.delete("Instance_Data__gc", gsid(bench, "i1"))
    ended = bench.run(*ARGUMENTS, "--repair")
    assert ended.code == 0, ended.err
    planned = bench.run("plan", "--output", "json").json["plans"][0]
    assert (planned["new"], planned["changed"]) == (0, 1)


def test_two_records_with_one_key_are_an_extra_record(bench: Bench) -> None:
    bench.publish()
    bench.box.insert("Company", [{"Name": "Twin", "SfdcAccountId": "A1"}])
    ended = bench.run(*ARGUMENTS)
    assert found(ended.json) == {("extra", "Company", '["A1"]', "")}


def test_a_record_we_know_whose_key_somebody_changed_is_drifted_and_repaired_in_place(bench: Bench) -> None:
    bench.publish()
    bench.box.update("Instance_Data__gc", gsid(bench, "i1"), {"Instance_Id__gc": "renamed"})
    company = next(r["Gsid"] for r in bench.box.rows("Company") if r["SfdcAccountId"] == "A4")
    bench.box.update("Company", company, {"SfdcAccountId": "A4-merged"})
    ended = bench.run(*ARGUMENTS)
    listed = {each for each in found(ended.json) if each[3] != "Company_Id__gc"}  # rows that point to the company
    assert listed == {
        ("drifted", "Instance_Data__gc", '["i1"]', "Instance_Id__gc"),
        ("drifted", "Company", '["A4"]', "SfdcAccountId"),
    }
    assert bench.run(*ARGUMENTS, "--repair", "--select", "gainsight__company_health").code == 0
    assert bench.run(*ARGUMENTS, "--repair").code == 0
    bench.assert_settled()


def test_a_record_that_was_made_again_under_another_id_is_the_rows(bench: Bench) -> None:
    bench.publish()
    row = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == "i1")
    bench.box.delete("Instance_Data__gc", row["Gsid"])
    kept = {name: value for name, value in row.items() if name.endswith("__gc") and value is not None}
    bench.box.insert("Instance_Data__gc", [kept, kept])
    ended = bench.run(*ARGUMENTS)
    assert found(ended.json) == {("extra", "Instance_Data__gc", '["i1"]', "")}
