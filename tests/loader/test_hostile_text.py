"""Keys, values and replies that are written to harm whoever reads them are shown as what they are."""

from __future__ import annotations

import json

import pytest
from harness import KEY, Bench

from loader.warehouse import State


def test_markup_and_control_characters_in_keys_are_shown_harmless(bench: Bench) -> None:
    """Seen: `status` ended in a traceback on `[/b]`."""
    odd = ["[/b]", "[red]x[/red]", ":boom:", "a\x1b[2J\x1b]0;title\x07b", "line\r\nbreak"]
    for key in odd:
        for _ in range(2):
            bench.sql("insert into gainsight__instances (instance_id) values (?)", [key])
    assert bench.publish().code == 1
    ended = bench.run("status")
    assert ended.code == 0, ended.err
    assert not {"\x1b", "\x07", "\r"} & set(ended.out + ended.err)
    for shown in ("[/b]", "[red]x[/red]", ":boom:"):
        assert shown in ended.out
    listed = bench.run("status", "--output", "json").json["rejections"]
    assert {json.loads(each["row_key"])[0] for each in listed} == set(odd)


def test_what_a_destination_echoes_of_our_key_is_not_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A destination that puts the access key into its error text, as a gateway's debug page does."""
    from loader.engine.destination import Rejection
    from loader.engine.records import Records

    refusal = Rejection("Hostname__gc", "ECHO", f"header Accesskey: {KEY} is not allowed to write this")
    monkeypatch.setattr(Records, "of", lambda self, model, row: (row.record, refusal))
    ended = bench.publish("--select", "gainsight__instances")
    assert ended.code == 1, ended.err
    kept = bench.sql("select distinct message from main_publish.publish_rejections")
    assert kept == [("header Accesskey: *** is not allowed to write this",)]
    assert KEY not in ended.out + ended.err
    assert KEY.encode() not in bench.database.read_bytes()


def test_a_picklist_label_cannot_leave_its_literal(bench: Bench) -> None:
    """Choices of a picklist are bound, so that none of them is read as SQL."""
    odd = ["Production", "it's", "back\\", "') or 1=1 --", "a\\' or 1=1 --"]
    from loader.dbt.artifacts import Artifacts
    from loader.dbt.profile import Target
    from loader.engine.destination import Field
    from loader.warehouse import Mart

    model = Artifacts(bench.folder).publish_models(("gainsight__instances",))[0]
    state = State(Target("duckdb", "main", {"path": str(bench.database)}), "gainsight", "here", write=True)
    bad = Field("Suggested_Type__gc", "PICKLIST", None, True, True, True, {}, tuple(odd[1:]), "")
    good = Field("Suggested_Type__gc", "PICKLIST", None, True, True, True, {}, tuple(odd), "")
    found = [list(Mart(state).misfits(model, {"Suggested_Type__gc": each})) for each in (bad, good)]
    state.close()
    assert [len(each) for each in found] == [1, 0]
    assert "30 values are not in the picklist" in found[0][0].problem


def test_rows_off_a_described_picklist_cost_no_call(bench: Bench) -> None:
    """Seen: 1,980 calls. Every second of 400 rows has a type that the picklist lacks."""
    bench.sql("delete from gainsight__instances")
    bench.sql(
        "insert into gainsight__instances (instance_id, account_id, instance_type) select 'i' || i, 'A1',"
        " case when i % 2 = 0 then 'Production' else 'Nonsense ' || i end from range(400) as r(i)"
    )
    ended = bench.publish("--select", "gainsight__instances")
    assert (ended.code, ended.result["rows_accepted"], ended.result["rows_rejected"]) == (1, 200, 200)
    assert set(bench.rejections().values()) == {("Suggested_Type__gc", "GSOBJ_1012")}
    assert sum(call.operation == "insert" for call in bench.box.calls) <= 8
    assert all(call.status == 200 for call in bench.box.calls)
