"""Labels that people give in Gainsight come back as raw input, once each."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from harness import Bench

from sandbox import Fault

HEADER = "uuid,hostname,label,labelled_by,labelled_at\n"


@pytest.fixture
def raw(bench: Bench, tmp_path: Path) -> Path:
    """A raw folder; every instance has a name, and i1 to i3 have been labelled by people."""
    folder = tmp_path / "raw"
    folder.mkdir()
    bench.env["RAW_PATH"] = str(folder)
    bench.sql("insert into dim_instances select 'i' || i, 'u' || i, 'host' || i from range(30) as r(i)")
    bench.publish()
    label(bench, "i1", "Production")
    label(bench, "i2", "Obsolete")
    return folder / "instance_labels.csv"


@pytest.fixture
def jane(bench: Bench) -> str:
    """A CSM."""
    return bench.box.add_user("Jane Doe", "jane@us.example")


def label(bench: Bench, instance: str, value: str | None, by: str | None = None) -> None:
    """What a CSM does in the UI."""
    row = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == instance)
    bench.box.update("Instance_Data__gc", row["Gsid"], {"Instance_Type__gc": value}, by)


def pull(bench: Bench) -> Any:
    """Pull; the whole of what is said."""
    ended = bench.run("pull-labels", "--output", "json")
    assert ended.code == 0, ended.err
    return ended.json


def pulled(bench: Bench) -> set[tuple[str, str, str]]:
    """Pull; uuid, hostname and label of what was appended."""
    return hosts(pull(bench)["labels"])


def hosts(rows: list[dict[str, str]]) -> set[tuple[str, str, str]]:
    return {(each["uuid"], each["hostname"], each["label"]) for each in rows}


def test_labels_are_appended_once_and_again_when_they_change(bench: Bench, raw: Path) -> None:
    assert pulled(bench) == {("u1", "host1", "Production"), ("u2", "host2", "Obsolete")}
    rows = list(csv.DictReader(raw.open()))
    assert [list(row) for row in rows] == [HEADER.strip().split(",")] * 2
    assert {row["labelled_by"] for row in rows} == {"gainsight"}
    assert all(row["labelled_at"].endswith("Z") for row in rows)
    assert pulled(bench) == set()
    label(bench, "i1", "Staging")
    assert pulled(bench) == {("u1", "host1", "Staging")}
    assert len(raw.read_text().splitlines()) == 4


def test_labels_known_from_elsewhere_are_not_repeated(bench: Bench, raw: Path) -> None:
    raw.write_text(
        HEADER + "u1,HOST1 ,Obsolete,jane,2020-01-01T00:00:00Z\nu1,host1,Production,joe,2021-01-01\nu2,host2,Unknown,,"
    )
    assert pulled(bench) == {("u2", "host2", "Obsolete")}
    assert raw.read_text().splitlines()[3].startswith("u2,host2,Unknown"), "a missing line end is mended"
    assert len(raw.read_text().splitlines()) == 5


def test_columns_of_ones_own_stay(bench: Bench, raw: Path) -> None:
    raw.write_text("note,labelled_at,uuid,hostname,label,labelled_by\nmine,2020-01-01,u9,host9,Unknown,jane\n")
    pulled(bench)
    rows = list(csv.DictReader(raw.open()))
    assert [row["note"] for row in rows] == ["mine", "", ""]
    assert rows[1]["label"] in ("Production", "Obsolete")


def test_a_record_of_no_instance_of_ours_is_left_alone(bench: Bench, raw: Path) -> None:
    bench.box.insert("Instance_Data__gc", [{"Instance_Id__gc": "stranger", "Instance_Type__gc": "Production"}])
    said = pull(bench)
    assert len(said["labels"]) == 2
    assert said["strangers"] == [{"key": "stranger", "label": "Production"}]


def test_a_missing_column_or_folder_is_named(bench: Bench, raw: Path) -> None:
    raw.write_text("uuid,hostname,label\n")
    ended = bench.run("pull-labels")
    assert ended.code == 2
    assert f"{raw} has no column labelled_by" in ended.err
    ended = bench.run("pull-labels", env={"RAW_PATH": str(raw.parent / "nowhere")})
    assert ended.code == 2
    assert "There is no folder" in ended.err


def test_nothing_is_written_to_the_destination(bench: Bench, raw: Path) -> None:
    before = len([call for call in bench.box.calls if call.committed])
    pulled(bench)
    assert len([call for call in bench.box.calls if call.committed]) == before


def test_a_label_of_no_known_type_is_reported_by_value_and_instance_and_not_taken(bench: Bench, raw: Path) -> None:
    bench.box.create_object("Instance_Data__gc", [{"name": "Free_Label__gc", "type": "STRING"}])
    for path in (bench.folder / "models" / "schema.yml", bench.folder / "target" / "manifest.json"):
        path.write_text(path.read_text().replace("Instance_Type__gc", "Free_Label__gc"))
    for instance, text in (("i1", "Sandbox [/b]"), ("i2", " STAGING ")):
        row = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == instance)
        bench.box.update("Instance_Data__gc", row["Gsid"], {"Free_Label__gc": text})
    ended = bench.run("pull-labels")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "2 labels read: 1 new, 0 changed, 0 cleared, 1 of no known type. The next dbt build reads what is new.",
        "No known type, not taken: 'Sandbox [/b]' of 'u1' 'host1'.",
    ]
    again = pull(bench)
    assert (again["read"], again["labels"]) == (2, [])
    assert hosts(again["unknown"]) == {("u1", "host1", "Sandbox [/b]")}, "until somebody corrects it"
    assert [row["hostname"] for row in csv.DictReader(raw.open())] == ["host2"]


def test_a_label_that_was_taken_out_becomes_unknown_once_and_one_that_others_gave_does_not(
    bench: Bench, raw: Path, jane: str
) -> None:
    raw.write_text(HEADER + "u9,host9,Obsolete,jane,2020-01-01T00:00:00Z\n")
    pulled(bench)
    label(bench, "i2", None, jane)
    said = pull(bench)
    assert said["read"] == 1
    assert [(each["hostname"], each["label"], each["change"]) for each in said["labels"]] == [
        ("host2", "Unknown", "cleared")
    ]
    assert list(csv.DictReader(raw.open()))[-1]["labelled_by"] == "gainsight: jane@us.example"
    assert pulled(bench) == set(), "it is told once"
    label(bench, "i2", "Production", jane)
    assert pulled(bench) == {("u2", "host2", "Production")}


def test_who_and_when_are_kept_where_a_person_changed_the_record_last(bench: Bench, raw: Path, jane: str) -> None:
    nameless = bench.box.insert("gsuser", [{"Name": "Joe"}])[0]
    label(bench, "i1", "Production", jane)
    label(bench, "i2", "Obsolete", nameless)
    label(bench, "i3", "Staging")
    changed = {row["Instance_Id__gc"]: row["ModifiedDate"] for row in bench.box.rows("Instance_Data__gc")}
    pulled(bench)
    rows = {row["uuid"]: row for row in csv.DictReader(raw.open())}
    assert rows["u1"]["labelled_by"] == "gainsight: jane@us.example"
    assert rows["u2"]["labelled_by"] == "gainsight: Joe"
    assert rows["u3"]["labelled_by"] == "gainsight", "an integration changed the record last"
    assert {row["uuid"]: row["labelled_at"] for row in rows.values()} == {f"u{n}": changed[f"i{n}"] for n in (1, 2, 3)}


def test_a_publish_in_between_changes_no_label(bench: Bench, raw: Path, jane: str) -> None:
    label(bench, "i1", "Production", jane)
    assert len(pulled(bench)) == 2
    bench.sql("update gainsight__instances set version = '17.2'")
    assert bench.publish().code == 0
    assert pulled(bench) == set()


# Clashes (docs/rules.md 3)


def test_of_two_csms_the_later_one_counts_and_both_are_kept_when_both_were_seen(
    bench: Bench, raw: Path, jane: str
) -> None:
    joe = bench.box.add_user("Joe", "joe@us.example")
    label(bench, "i1", "Obsolete", jane)
    label(bench, "i1", "Staging", joe)
    pulled(bench)
    label(bench, "i1", "Production", jane)
    pulled(bench)
    rows = [row for row in csv.DictReader(raw.open()) if row["uuid"] == "u1"]
    assert [(row["label"], row["labelled_by"]) for row in rows] == [
        ("Staging", "gainsight: joe@us.example"),
        ("Production", "gainsight: jane@us.example"),
    ]


def test_of_two_records_of_one_instance_the_newer_label_counts_and_the_other_is_reported(
    bench: Bench, raw: Path, jane: str
) -> None:
    box = bench.box
    box.insert("Instance_Data__gc", [{"Instance_Id__gc": "i1"}, {"Instance_Id__gc": "i2"}, {"Instance_Id__gc": "i5"}])
    first, second, empty = (row["Gsid"] for row in box.rows("Instance_Data__gc")[-3:])
    box.update("Instance_Data__gc", first, {"Instance_Type__gc": "Staging"}, jane)
    box.update("Instance_Data__gc", second, {"Instance_Type__gc": "Obsolete"}, jane)
    label(bench, "i5", "Production", jane)
    said = pull(bench)
    assert hosts(said["labels"]) == {
        ("u1", "host1", "Staging"),
        ("u2", "host2", "Obsolete"),
        ("u5", "host5", "Production"),
    }
    assert hosts(said["contradicted"]) == {("u1", "host1", "Production")}, "where both say the same nothing is told"
    assert pulled(bench) == set()
    assert empty


def test_a_label_older_than_ours_is_kept_with_its_day_and_reported_and_a_publish_does_not_make_it_newer(
    bench: Bench, raw: Path, jane: str
) -> None:
    label(bench, "i1", "Staging", jane)
    raw.write_text(HEADER + "u1,host1,Production,ops,2999-01-01T00:00:00Z\n")
    said = pull(bench)
    assert hosts(said["older"]) == {("u1", "host1", "Staging")}
    assert [row["label"] for row in csv.DictReader(raw.open()) if row["uuid"] == "u1"] == ["Production", "Staging"]
    raw.write_text(raw.read_text().replace("2999-01-01T00:00:00Z", f"{date.today()}T23:59:59Z"))
    bench.sql("update gainsight__instances set version = '17.2'")
    assert bench.publish().code == 0
    again = pull(bench)
    assert (again["labels"], again["older"]) == ([], []), "Gainsight's label is the one that was read before"


def test_a_renamed_instance_does_not_take_its_label_along(bench: Bench, raw: Path, jane: str) -> None:
    label(bench, "i1", "Production", jane)
    pulled(bench)
    bench.sql("insert into dim_instances values ('i1-new', 'u1', 'new.example')")
    bench.sql(
        "insert into gainsight__instances select * replace ('i1-new' as instance_id, 'new.example' as hostname)"
        " from gainsight__instances where instance_id = 'i1'"
    )
    assert bench.publish().code == 0
    assert pulled(bench) == set(), "the new name waits for a label of its own"
    label(bench, "i1-new", "Staging", jane)
    assert pulled(bench) == {("u1", "new.example", "Staging")}
    rows = [row for row in csv.DictReader(raw.open()) if row["uuid"] == "u1"]
    assert [(row["hostname"], row["label"]) for row in rows] == [("host1", "Production"), ("new.example", "Staging")]


def test_a_record_that_is_gone_takes_no_label_with_it_and_is_reported(bench: Bench, raw: Path) -> None:
    pulled(bench)
    row = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == "i2")
    bench.box.delete("Instance_Data__gc", row["Gsid"])
    said = pull(bench)
    assert (said["labels"], hosts(said["gone"])) == ([], {("u2", "host2", "Obsolete")})
    assert "still stands" in bench.run("pull-labels").out


def test_where_users_cannot_be_read_their_ids_stand(
    bench: Bench, raw: Path, jane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(bench, "i1", "Staging", jane)
    bench.box.schedule(Fault("status", operation="query", object="gsuser", status=403, times=99))
    pulled(bench)
    assert {row["labelled_by"] for row in csv.DictReader(raw.open())} == {"gainsight", f"gainsight: {jane}"}
