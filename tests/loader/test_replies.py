"""A reply is read whole: what was taken, what was not and why, whose id is whose, and who it is that answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from harness import KEY, MODELS, REFUSED_BY_REPLY, Bench, calls_of
from sampled import sampled
from test_publish import mirror

from loader.gainsight import client
from sandbox import Fault, Limits, Switches

OBJECT = "Instance_Data__gc"
INSTANCES = {"gainsight__instances": MODELS["gainsight__instances"]}
ARGUMENTS = ("--select", "gainsight__instances", "--no-gate")


def filled(make_bench: Callable[..., Bench], instances: int = 300, **switches: Any) -> Bench:
    """A bench whose tenant answers as these switches say."""
    bench = make_bench(switches=Switches(**switches), objects=REFUSED_BY_REPLY)
    bench.fill(instances=instances, periods=0)
    return bench


def spoil(bench: Bench, every: int) -> int:
    """Every so manieth instance gets a type that the API refuses; how many."""
    bench.sql(f"update gainsight__instances set instance_type = 'Off' where licensed_seats % {every} = 3")
    return int(bench.sql("select count(*) from gainsight__instances where instance_type = 'Off'")[0][0])


def codes(bench: Bench) -> Counter[tuple[str, str]]:
    """How many standing rejections have which field and code."""
    return Counter(bench.rejections().values())


OFF = ("Suggested_Type__gc", "GSOBJ_1012")


FORMS = list(product(("nested", "flat"), ("dense", "sparse"), ("count_written", "count_all"), ("gsid", "full")))
PAIRS = [FORMS[number] for number in (0, 7, 11, 13, 14)]
"""Each two of the four choices meet in each of their four ways."""


@pytest.mark.parametrize(("shape", "index", "count", "echo"), sampled(FORMS, PAIRS))
def test_one_bad_row_of_300_is_rejected_and_the_others_arrive_where_good_ones_are_taken_with_200(
    make_bench: Callable[..., Bench], shape: str, index: str, count: str, echo: str
) -> None:
    bench = filled(
        make_bench, errors_shape=shape, errors_index=index, partial_success=count, insert_echo=echo, query_shape="list"
    )
    spoil(bench, 300)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"], codes(bench)) == (1, 299, {OFF: 1}), ended.err
    bench.assert_settled(INSTANCES)
    bench.sql("update gainsight__instances set version = '18', instance_type = 'Unknown' where licensed_seats < 200")
    spoil(bench, 50)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, codes(bench)) == (1, {OFF: 6}), ended.err
    bench.assert_settled(INSTANCES)


def test_where_a_reply_counts_all_a_row_that_failed_is_not_recorded_as_accepted(
    make_bench: Callable[..., Bench],
) -> None:
    bench = filled(make_bench, instances=60, partial_success="count_all")
    assert bench.publish(*ARGUMENTS).code == 0
    bench.sql("update gainsight__instances set version = '18'")
    spoil(bench, 60)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"], ended.result["rows_rejected"]) == (1, 59, 1)
    assert bench.run("status", "--output", "json").json["rejections"][0]["row_key"] == '["i3"]'


@pytest.mark.parametrize("shape", ["by_number", "texts"])
@pytest.mark.parametrize("success", ["never", "count_all"])
def test_errors_in_a_form_nobody_documented_make_no_failed_row_an_accepted_one(
    make_bench: Callable[..., Bench], shape: str, success: str
) -> None:
    """Texts name no value, so the bad rows are found by halving; they are rejected, whatever the reply counts."""
    bench = filled(make_bench, instances=120, errors_shape=shape, partial_success=success)
    spoil(bench, 60)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"], ended.result["rows_rejected"]) == (1, 118, 2), ended.err
    bench.assert_settled(INSTANCES)
    bench.sql("update gainsight__instances set version = '18', instance_type = 'Unknown'")
    spoil(bench, 30)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"], ended.result["rows_rejected"]) == (1, 116, 4), ended.err
    bench.assert_settled(INSTANCES)


ERRORS = [[{"success": False, "errors": [{"errorCode": "GSOBJ_1009", "errorMessage": "it is in use"}]}]]


@pytest.mark.parametrize("body", [{"data": {"errors": ERRORS}}, {"data": None, "errors": ERRORS}], ids=["in", "beside"])
def test_a_delete_whose_success_has_errors_is_a_rejection(make_bench: Callable[..., Bench], body: Any) -> None:
    bench = filled(make_bench, instances=20)
    mirror(bench)
    assert bench.publish(*ARGUMENTS).code == 0
    bench.sql("delete from gainsight__instances where licensed_seats < 3")
    fault = Fault("status", status=200, operation="delete", body={"result": True, **body}, nth=2, times=None)
    bench.box.schedule(fault)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_deleted"], ended.result["rows_rejected"]) == (1, 1, 2), ended.err
    assert bench.box.count(OBJECT) == 19
    assert {code for _, code in bench.rejections().values()} == {"GSOBJ_1009"}


@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize("code", ["GSOBJ_1012", "GSOBJ_1002"])
def test_120_bad_rows_are_named_with_their_field_and_cost_few_calls(
    make_bench: Callable[..., Bench], shape: str, code: str
) -> None:
    """16 calls send 800 rows; each of the 16 batches has bad rows, so each is sent once more without them."""
    bench = filled(make_bench, instances=800, errors_shape=shape, picklist_refusal=code, errors_index="sparse")
    bench.sql(
        "update gainsight__instances set instance_type = 'Off' || licensed_seats % 4 where licensed_seats % 20 in (1, 5, 7)"
    )
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_rejected"], ended.result["rows_accepted"]) == (1, 120, 680), ended.err
    assert codes(bench) == {("Suggested_Type__gc", code): 120}
    assert calls_of(bench.box)["insert", OBJECT] == 32
    bench.assert_settled(INSTANCES)


def test_120_rows_off_a_picklist_are_refused_before_a_call(make_bench: Callable[..., Bench]) -> None:
    """800 rows are 16 batches; each is sent once, without its bad rows, and none is refused."""
    bench = make_bench()
    bench.fill(instances=800, periods=0)
    bench.sql("update gainsight__instances set instance_type = 'Off' where licensed_seats % 20 in (1, 5, 7)")
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_rejected"], ended.result["rows_accepted"]) == (1, 120, 680), ended.err
    assert codes(bench) == {OFF: 120}
    inserts = [call for call in bench.box.calls if call.operation == "insert"]
    assert [(call.status, call.committed) for call in inserts] == [(200, True)] * 16
    assert sum(call.records for call in inserts) == 680
    bench.assert_settled(INSTANCES)


def test_a_reply_without_a_count_is_enough(make_bench: Callable[..., Bench]) -> None:
    bench = filled(make_bench, instances=60, count_reply=False, put_no_match="zero")
    assert bench.publish(*ARGUMENTS).code == 0
    bench.sql("update gainsight__instances set version = '18'")
    gone = next(row["Gsid"] for row in bench.box.rows(OBJECT) if row["Instance_Id__gc"] == "i5")
    bench.box.delete(OBJECT, gone)
    bench.box.clear_calls()
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 60), ended.err
    bench.assert_settled(INSTANCES)
    assert calls_of(bench.box)["update", OBJECT] == 2, "none is sent again for want of a count"


def test_a_count_of_what_was_sent_hides_no_record_that_vanished(make_bench: Callable[..., Bench]) -> None:
    """The reply counts 50 of 50 and lists 49: who is missing is looked up, is gone, and is made again."""
    bench = filled(make_bench, instances=50, partial_success="count_all", put_no_match="zero")
    assert bench.publish(*ARGUMENTS).code == 0
    bench.sql("update gainsight__instances set version = '18'")
    gone = next(row["Gsid"] for row in bench.box.rows(OBJECT) if row["Instance_Id__gc"] == "i5")
    bench.box.delete(OBJECT, gone)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 50), ended.err
    bench.assert_settled(INSTANCES)


@pytest.mark.parametrize(("echo", "reads"), [("gsid", 7), ("full", 1)])
def test_ids_of_a_reply_in_another_order_are_tied_to_their_own_rows(
    make_bench: Callable[..., Bench], echo: str, reads: int
) -> None:
    """Six inserts: each is read back by key, unless the reply echoes the key; one read looks for what is there."""
    bench = filled(make_bench, insert_order="shuffled", insert_echo=echo)
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    bench.assert_settled(INSTANCES)
    assert calls_of(bench.box)["query", OBJECT] == reads


def test_where_replies_keep_the_order_one_batch_of_a_run_is_read_back(make_bench: Callable[..., Bench]) -> None:
    bench = filled(make_bench)
    assert bench.publish(*ARGUMENTS).code == 0
    assert calls_of(bench.box)["query", OBJECT] == 2
    bench.assert_settled(INSTANCES)


def test_two_rows_that_came_back_in_order_prove_nothing(make_bench: Callable[..., Bench]) -> None:
    """Batches of fewer than eight rows are read back each: two of them are in order every other time."""
    bench = filled(make_bench, instances=2, insert_order="shuffled")
    assert bench.publish(*ARGUMENTS).code == 0
    for number in range(4):
        bench.sql(f"insert into gainsight__instances (instance_id) values ('a{number}'), ('b{number}')")
        assert bench.publish(*ARGUMENTS).code == 0
    bench.assert_settled(INSTANCES)


def test_pages_of_a_read_neither_overlap_nor_leave_a_row_out(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 records in pages of 7: nothing is missing, and nothing there twice."""
    bench = filled(make_bench, instances=60)
    assert bench.publish(*ARGUMENTS).code == 0
    monkeypatch.setattr(client, "PAGE", 7)
    bench.box.clear_calls()
    ended = bench.run("reconcile", "--output", "json", "--select", "gainsight__instances")
    assert (ended.code, ended.json["differences"]) == (0, []), ended.err
    reads = [call for call in bench.box.calls if call.operation == "query" and call.object == OBJECT]
    assert [call.records for call in reads] == [7] * 8 + [4]


def test_a_tenant_whose_pages_are_shorter_than_was_asked_for_is_read_to_its_end(
    make_bench: Callable[..., Bench],
) -> None:
    """Seen: the first short page was taken for the last. 240 records in pages of 120; the fewest a page can be taken to
    hold is 100, so 60 companies are one call."""
    bench = filled(make_bench, instances=0, longest_page=120)
    bench.companies(50, start=10)
    bench.sql(
        "insert into gainsight__instances (instance_id, account_id)"
        " select 's' || i, 'A' || (i % 60) from range(240) as r(i)"
    )
    assert bench.publish(*ARGUMENTS).code == 0
    bench.sql("delete from main_publish.publish_state")
    bench.box.clear_calls()
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 240), ended.err
    assert not [call for call in bench.box.calls if call.operation == "insert"], "all were found"
    reads = [(call.object, call.records) for call in bench.box.calls if call.operation == "query"]
    assert reads == [("Company", 60), (OBJECT, 120), (OBJECT, 120), (OBJECT, 0)]
    bench.box.clear_calls()
    assert bench.run("reconcile", "--output", "json", "--select", "gainsight__instances").json["differences"] == []
    assert [c.records for c in bench.box.calls if c.operation == "query" and c.object == OBJECT] == [120, 120, 0]


# Who answers


NO_API = {
    "page with 200": Fault("html", times=None),
    "nothing with 200": Fault("empty", times=None),
    "page with 400": Fault("status", status=400, body="html", times=None),
}
ASKED = list(product(("describe", "query", "insert"), NO_API))


@pytest.mark.parametrize(("operation", "answer"), sampled(ASKED, [ASKED[0], ASKED[4], ASKED[8], ASKED[6]]))
def test_what_is_not_the_api_is_said_with_the_address_after_a_few_answers(
    bench: Bench, operation: str, answer: str
) -> None:
    bench.box.schedule(Fault(**{**vars(NO_API[answer]), "operation": operation}))
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == (4 if operation == "insert" else 2), ended.err
    said = ended.json["error"].lower()
    assert "not the api answers at http://127.0.0.1" in said or "tries in a row" in said, said
    assert bench.rejections() == {}, "it is never a row's fault"
    assert len(bench.box.calls) < 40
    bench.box.clear_faults()
    assert bench.publish(*ARGUMENTS).code == 0
    bench.assert_settled(INSTANCES)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=400, body="html"),
        Fault("empty"),
        Fault("status", status=400, body="html", after_commit=True),
    ],
    ids=["page with 400", "nothing with 200", "page with 400 after the commit"],
)
def test_a_gateways_answer_costs_no_row(bench: Bench, fault: Fault) -> None:
    bench.box.schedule(Fault(**{**vars(fault), "operation": "insert", "times": 2}))
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, bench.rejections()) == (0, {}), ended.err
    bench.assert_settled(INSTANCES)


def test_a_redirect_in_mid_run_costs_no_row(make_bench: Callable[..., Bench]) -> None:
    bench = filled(make_bench)
    bench.box.schedule(Fault("redirect", operation="insert", nth=3, location="https://login.example/x?key=1"))
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, bench.rejections()) == (4, {})
    assert "redirects to login.example" in ended.json["error"]
    assert bench.publish(*ARGUMENTS).code == 0
    bench.assert_settled(INSTANCES)


@pytest.mark.parametrize("refusal", ["GS_APIG_2401", "GSOBJ_1024", "bare"])
def test_a_token_that_ends_in_mid_run_is_renewed(make_bench: Callable[..., Bench], refusal: str) -> None:
    bench = filled(make_bench, bearer_refusal=refusal)
    bench.env |= {"GAINSIGHT_ACCESS_KEY": "", "GAINSIGHT_CLIENT_ID": bench.box.client_id}
    bench.env["GAINSIGHT_CLIENT_SECRET"] = bench.box.client_secret
    bench.box.schedule(Fault("end_tokens", operation="insert", nth=3), Fault("end_tokens", operation="query", nth=3))
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    assert calls_of(bench.box)["token", None] >= 2
    bench.assert_settled(INSTANCES)


def test_a_reply_that_unpacks_to_hundreds_of_megabytes_is_not_read_to_its_end(bench: Bench) -> None:
    bench.env["GAINSIGHT_TIMEOUT_SECONDS"] = "10"
    bench.box.schedule(Fault("bomb", operation="describe"))
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == 0, ended.err
    assert "the reply is larger than 100 MB" in ended.err


# What it echoes


@pytest.mark.parametrize("way", ["key", "token"])
def test_credentials_that_an_error_echoes_are_neither_stored_nor_printed(bench: Bench, way: str) -> None:
    if way == "token":
        bench.env |= {"GAINSIGHT_ACCESS_KEY": "", "GAINSIGHT_CLIENT_ID": bench.box.client_id}
        bench.env["GAINSIGHT_CLIENT_SECRET"] = bench.box.client_secret
    bench.box.schedule(Fault("echo", operation="insert", times=None, code="GSOBJ_1003"))
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_rejected"]) == (1, 30)
    kept = bench.sql("select distinct message from main_publish.publish_rejections")
    everything = ended.out + ended.err + str(kept) + bench.run("status").out
    tokens = list(bench.box.credentials._tokens)
    assert "***" in str(kept) or "accesskey)" in str(kept), kept
    assert not [secret for secret in (KEY, *tokens) if secret in everything]


# Later


def test_rows_that_are_locked_for_a_while_are_sent_in_the_same_run(make_bench: Callable[..., Bench]) -> None:
    bench = filled(make_bench, instances=60)
    locked = Fault("status", status=400, code="UNABLE_TO_LOCK_ROW", operation="insert", times=8)
    bench.box.schedule(locked)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, bench.rejections()) == (0, {}), ended.err
    bench.assert_settled(INSTANCES)


@pytest.mark.parametrize("operation", sampled(["insert", "update"], ["update"]))
def test_rows_that_stay_locked_are_not_rejected_and_wait_for_the_next_run(
    make_bench: Callable[..., Bench], operation: str
) -> None:
    """One that stays busy when it is to be created is tried at every destination: tests/loader/conformance."""
    bench = filled(make_bench, instances=60)
    if operation == "update":
        assert bench.publish(*ARGUMENTS).code == 0
        bench.sql("update gainsight__instances set version = '18'")
    locked = Fault("status", status=400, code="UNABLE_TO_LOCK_ROW", operation=operation, times=None)
    bench.box.schedule(locked)
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, bench.rejections()) == (4, {}), ended.err
    struck = len([call for call in bench.box.calls if call.code == "UNABLE_TO_LOCK_ROW"])
    assert struck <= 2 * (2 + 9 + 60 + 60), "batches of 50, then of 7, then single rows twice; each is tried twice"
    bench.box.clear_faults()
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 60), ended.err
    bench.assert_settled(INSTANCES)


# The day


def test_a_day_that_is_spent_at_the_vendor_is_recognised_in_a_few_calls(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(limits=Limits(calls_per_window=None, calls_per_day=5))
    bench.fill(instances=300, periods=0)
    bench.env |= {"GAINSIGHT_WINDOW_SECONDS": "0.3"}
    ended = bench.publish(*ARGUMENTS)
    assert ended.code == 4
    assert len(bench.box.calls) <= 5 + 6
    assert "its own limit of the day, which all integrations of the tenant share, is used up" in ended.json["error"]
    ours = make_bench()
    ours.fill(instances=300, periods=0)
    ended = ours.publish(*ARGUMENTS, env={"GAINSIGHT_CALLS_PER_DAY": "5"})
    assert ended.code == 4
    assert "rows are left for the next run: today's quota" in ended.json["error"]


@pytest.mark.parametrize("header", ["0", "nan", "inf", "-5", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", ""])
def test_an_odd_retry_after_is_neither_obeyed_for_ever_nor_hammered(bench: Bench, header: str) -> None:
    bench.box.schedule(Fault("status", status=503, operation="describe", times=3, retry_after=header))
    ended = bench.publish(*ARGUMENTS, env={"GAINSIGHT_GIVE_UP_SECONDS": "5"})
    assert ended.code == (4 if header == "inf" else 0), ended.err
    bench.box.schedule(Fault("status", status=429, operation="describe", times=2, retry_after=header))
    bench.sql("update gainsight__instances set version = '18'")
    ended = bench.publish(*ARGUMENTS, env={"GAINSIGHT_GIVE_UP_SECONDS": "5", "GAINSIGHT_WINDOW_SECONDS": "0.2"})
    assert ended.code == (4 if header == "inf" else 0), ended.err


def test_an_outage_of_inserts_alone_is_outlasted(bench: Bench) -> None:
    """Reads go on meanwhile, so patience is by time and not by tries: six in a row are in vain here."""
    bench.box.schedule(Fault("status", status=503, operation="insert", times=6))
    ended = bench.publish(*ARGUMENTS)
    assert (ended.code, bench.rejections()) == (0, {}), ended.err
    bench.assert_settled(INSTANCES)
