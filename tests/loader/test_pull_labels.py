"""Labels that people give in Gainsight come back as raw input, once each."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from harness import Bench

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


def label(bench: Bench, instance: str, value: str | None) -> None:
    """What a CSM does in the UI."""
    row = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == instance)
    bench.box.update("Instance_Data__gc", row["Gsid"], {"Instance_Type__gc": value})


def pulled(bench: Bench) -> set[tuple[str, str, str]]:
    """Pull; uuid, hostname and label of what was appended."""
    ended = bench.run("pull-labels", "--output", "json")
    assert ended.code == 0, ended.err
    return {(each["uuid"], each["hostname"], each["label"]) for each in ended.json["labels"]}


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
    assert len(pulled(bench)) == 2


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


def test_a_label_of_no_known_type_is_pulled_and_reported(bench: Bench, raw: Path) -> None:
    odd = {"label": "Sandbox [/b]", "instance_type": "Production"}
    bench.box.create_object("Instance_Data__gc", [{"name": "Free_Label__gc", "type": "STRING"}])
    for path in (bench.folder / "models" / "schema.yml", bench.folder / "target" / "manifest.json"):
        path.write_text(path.read_text().replace("Instance_Type__gc", "Free_Label__gc"))
    for instance, text in (("i1", odd["label"]), ("i2", " STAGING ")):
        row = next(r for r in bench.box.rows("Instance_Data__gc") if r["Instance_Id__gc"] == instance)
        bench.box.update("Instance_Data__gc", row["Gsid"], {"Free_Label__gc": text})
    ended = bench.run("pull-labels")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "2 labels read: 2 new or changed, 1 of no known type, 0 cleared there. The next dbt build reads what is new.",
        "No known type: 'Sandbox [/b]' of 'u1' 'host1'; dbt will not use it.",
    ]
    again = bench.run("pull-labels", "--output", "json").json
    assert (again["read"], again["labels"]) == (2, [])
    assert [each["label"] for each in again["unknown"]] == ["Sandbox [/b]"], "until somebody corrects it"


def test_a_label_that_was_cleared_is_reported_and_one_that_others_gave_is_not(bench: Bench, raw: Path) -> None:
    raw.write_text(HEADER + "u9,host9,Obsolete,jane,2020-01-01T00:00:00Z\n")
    pulled(bench)
    label(bench, "i2", None)
    ended = bench.run("pull-labels", "--output", "json")
    assert ended.json["cleared"] == [{"uuid": "u2", "hostname": "host2", "label": "Obsolete"}]
    assert (ended.json["read"], ended.json["labels"]) == (1, [])
    said = bench.run("pull-labels").out
    assert said.startswith("1 labels read: 0 new or changed, 0 of no known type, 1 cleared there.")
    assert "still 'Obsolete' in the raw labels: 'u2' 'host2'" in said
