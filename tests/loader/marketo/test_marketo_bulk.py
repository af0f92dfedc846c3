"""Imports: what becomes of rows that go by file, however the import ends."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from rig_marketo import ImportRig
from rigs import Bench, Died, model

from loader.engine import uploads
from loader.errors import StoppedError
from loader.marketo import bulk
from loader.marketo.client import Client
from sandbox.marketo import Fault, Instance, Limits, RowFault, Switches


def box(bench: Bench) -> Instance:
    assert isinstance(bench.rig, ImportRig)
    return bench.rig.instance


def operations(bench: Bench) -> Counter[str]:
    return Counter(call.operation for call in box(bench).calls)


def by_call(bench: Bench) -> int:
    """Rows that calls wrote."""
    return sum(call.records for call in box(bench).calls if call.operation == "upsert")


def test_a_load_is_one_file_and_nothing_else_is_written_or_read_back(files: Bench) -> None:
    assert files.publish().accepted == 60
    made = operations(files)
    assert (made["bulk"], made["upsert"], made["failures"], made["warnings"]) == (1, 0, 0, 0)
    files.assert_settled()
    assert files.publish().accepted == 0


def test_rows_that_came_by_file_are_changed_by_calls_and_files_and_then_have_their_ids(files: Bench) -> None:
    files.publish()
    assert isinstance(files.rig, ImportRig)
    files.rig.settings["BULK_THRESHOLD"] = "1000"
    files.sql("update things set amount = amount + 1")
    assert files.publish().accepted == 60
    held = dict(files.sql("select row_key, destination_id from main_publish.publish_state"))
    assert held == {f'["{row["thingKey"]}"]': row["marketoGUID"] for row in box(files).rows("thing_c")}
    files.assert_settled()


def sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of later runs."""
    seen: list[str] = []
    send = Client.send_file
    monkeypatch.setattr(
        Client, "send_file", lambda self, name, content: (seen.append(content.decode()), send(self, name, content))[1]
    )
    return seen


def test_a_file_has_the_key_first_no_blank_in_its_header_plain_decimals_and_no_row_that_is_misread(
    files: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = sent(files, monkeypatch)
    files.sql("update things set amount = 1e-05, note = 'a \"b\", c' where thing_id = 't1'")
    files.sql("update things set note = 'NULL' where thing_id = 't2'")
    assert files.publish().accepted == 60
    header, *lines = seen[0].splitlines()
    assert header == "thingKey,thingId,day,amount,Note,companyLink"
    assert [line.rpartition(",")[0] for line in lines if line.startswith("t1/")] == [
        't1/2026-01-01,t1,2026-01-01,0.00001,"a ""b"", c"',
        't1/2026-01-02,t1,2026-01-02,0.00001,"a ""b"", c"',
    ]
    assert len(lines) == 58 and by_call(files) == 2, "the word NULL may be read as nothing"
    files.assert_settled()


@pytest.mark.parametrize("cells", ["clears", "ignored"])
def test_what_may_have_to_be_cleared_goes_by_calls_until_it_is_known_that_an_empty_cell_does_it(
    files: Bench, cells: Any
) -> None:
    assert isinstance(files.rig, ImportRig)
    box(files).switches = Switches(empty_cell=cells)
    files.rig.settings["EMPTY_CELLS"] = "unknown" if cells == "ignored" else "clear"
    files.publish()
    files.sql("update things set note = null, amount = amount + 1 where thing_id = 't1'")
    files.sql("update things set amount = amount + 1 where thing_id = 't2'")
    ended = files.publish()
    assert ended.accepted == 4
    remarks = ended.plan.remarks if ended.plan else []
    assert any("go by calls" in each or "MARKETO_EMPTY_CELLS" in each for each in remarks) is (cells == "ignored")
    assert by_call(files) == (2 if cells == "ignored" else 0)
    files.assert_settled()


def test_files_stay_below_the_vendors_size(files: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LARGEST_FILE", 1_000)
    seen = sent(files, monkeypatch)
    assert files.publish().accepted == 60
    assert len(seen) > 2 and max(map(len, seen)) <= 1_000
    files.assert_settled()
    assert Limits().file_bytes > bulk.LARGEST_FILE


@pytest.mark.parametrize("order", ["sent", "shuffled"])
def test_rows_that_failed_go_by_a_call_which_says_why_and_those_with_a_warning_are_sent_again(
    files: Bench, order: Any
) -> None:
    box(files).switches = Switches(files_order=order)
    box(files).fail_rows(RowFault("1003", "Field 'Note' is not valid", where=lambda row: row.get("thingId") == "t1"))
    box(files).fail_rows(RowFault("", "cut", warning=True, where=lambda row: row.get("thingId") == "t2"))
    ended = files.publish()
    assert (ended.accepted, ended.rejected, ended.exit_code) == (58, 2, 1)
    assert (operations(files)["failures"], operations(files)["warnings"], by_call(files)) == (1, 1, 4)
    told = files.sql("select distinct field, code from main_publish.publish_rejections")
    assert told == [("Note", "1003")]


@pytest.mark.parametrize(("end", "written"), [("Failed", "half"), ("Failed", "none"), ("Complete", "half")])
def test_an_import_that_does_not_account_for_its_rows_is_believed_of_none(files: Bench, end: Any, written: Any) -> None:
    box(files).switches = Switches(import_end=end, import_written=written)
    assert files.publish().accepted == 60
    assert by_call(files) == 60
    files.assert_settled()


def test_a_full_queue_is_waited_for_and_then_the_rows_go_by_calls(files: Bench) -> None:
    assert isinstance(files.rig, ImportRig)
    box(files).schedule(Fault("result_false", operation="bulk", code="1016", times=2))
    assert files.publish().accepted == 60
    assert by_call(files) == 0
    files.rig.settings["BULK_WAIT_SECONDS"] = "0.05"
    box(files).limits = Limits(calls_per_window=None, others_in_queue=10)
    files.sql("update things set amount = amount + 1")
    assert files.publish().accepted == 60
    assert by_call(files) == 60
    files.assert_settled()
    assert files.sql("select count(*) from main_publish.publish_uploads where ended_at is null") == [(0,)]


def test_an_import_that_goes_on_ends_the_run_and_the_next_one_reads_its_results(files: Bench) -> None:
    assert isinstance(files.rig, ImportRig)
    files.rig.settings["BULK_WAIT_SECONDS"] = "0.2"
    box(files).switches = Switches(polls_in_progress=1_000)
    with pytest.raises(StoppedError, match="is still Importing"):
        files.publish()
    box(files).switches = Switches()
    assert files.publish().accepted == 60
    assert (operations(files)["bulk"], by_call(files)) == (1, 0), "nothing is sent again"
    files.assert_settled()


@pytest.mark.parametrize("way", ["killed before the file had a name", "stopped while it was worked through"])
def test_no_file_is_left_unread(files: Bench, way: str) -> None:
    fault = RowFault("1003", "Field 'Note' is not valid", where=lambda row: row.get("thingId") == "t1")
    box(files).fail_rows(fault)
    assert isinstance(files.rig, ImportRig)
    if way.startswith("killed"):
        assert files.rig.killed(files, 1, "unanswered")
        box(files).fail_rows(fault)
    else:
        box(files).switches = Switches(polls_in_progress=1_000)
        files.rig.settings["BULK_WAIT_SECONDS"] = "0.1"
        with pytest.raises(StoppedError):
            files.publish()
        box(files).switches = Switches()
    ended = files.publish()
    assert (ended.accepted, ended.rejected) == (58, 2)
    assert len(box(files).rows("thing_c")) == 58
    read = operations(files)["failures"]
    assert read == (1 if way.startswith("killed") else 2), (
        "of the second run's own file, and of the one that had a name"
    )


def killed_rounds(bench: Bench, kills: list[tuple[int, Died]]) -> int:
    """Rows that change, are new or are cleared; killed; run again and compared. How many runs were dead before the end."""
    died = 0
    bench.publish()
    for number, (nth, how) in enumerate(kills):
        bench.fill(20, days=1, name=f"r{number}-")
        bench.sql(f"update things set amount = amount + 1, note = null where thing_id = 't{number}'")
        died += bench.rig.killed(bench, nth, how)
        bench.publish()
        bench.assert_settled()
    return died


def test_killed_at_a_call_about_a_file_the_next_run_completes_the_job(files: Bench) -> None:
    assert killed_rounds(files, [(1, "unanswered"), (6, "answered"), (1, "late")]) >= 2


@pytest.mark.long
def test_killed_at_any_call_about_a_file_the_next_run_completes_the_job(files: Bench) -> None:
    ways: list[Died] = ["unanswered", "late"]
    kills: list[tuple[int, Died]] = [(nth, "answered") for nth in range(1, 13)]
    assert killed_rounds(files, [*kills, *((nth, how) for how in ways for nth in (1, 2))]) >= 8


def test_a_file_that_nobody_named_is_waited_for(files: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    destination = files.rig.destination()
    with files.state(destination) as state:
        state.begin_run()
        state.begin_upload("thing_c", 10, 10)
    assert uploads.UNKNOWN_UPLOAD.total_seconds() == 1800
    with pytest.raises(StoppedError, match="has no known end"):
        files.publish()
    assert box(files).rows("thing_c") == []


def test_what_is_never_created_or_may_be_deleted_and_companies_go_by_calls(files: Bench) -> None:
    destination = files.rig.destination()
    assert isinstance(files.rig, ImportRig)

    def takes(**given: Any) -> bool:
        return bool(destination.takes_bulk(model(**{**files.rig.given, **given}), 60))  # type: ignore[attr-defined]

    assert takes() and takes(on_gone="clear")
    assert not takes(mode="mirror", on_gone="delete")
    assert not takes(mode="update")
    assert not takes(object="Company")
