"""What replies of Marketo mean: codes come with HTTP 200; what the whole does is tested over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loader.engine.destination import Field, Row
from loader.engine.http import Reply
from loader.engine.replies import NotTheApi
from loader.errors import FatalError, RetriableError, RowRejected, StoppedError
from loader.marketo import replies, schema
from loader.marketo.comparing import Comparing


def reply(code: str, message: str = "", status: int = 200) -> Reply:
    body = {"requestId": "e42b#1", "success": False, "errors": [{"code": code, "message": message}]}
    return Reply(status, json.dumps(body).encode(), "/rest/v1/companies.json", None)


@pytest.mark.parametrize(
    ("given", "meaning"),
    [
        *(
            (reply(code), FatalError)
            for code in ("601", "602", "603", "605", "609", "610", "616", "703", "1018", "1026")
        ),
        *((reply(code), RetriableError) for code in ("502", "604", "606", "608", "611", "614", "615", "713")),
        *((reply(code), RowRejected) for code in ("1001", "1003", "1014", "1016", "1019", "1022", "1029")),
        (reply("607"), StoppedError),
        (reply("1029", "Export daily quota exceeded"), StoppedError),
        (Reply(413, b"<html>", "/x", None), RowRejected),
        (Reply(503, b"", "/x", None), RetriableError),
        (Reply(200, b"<html>", "/x", None), NotTheApi),
        (Reply(200, b'{"success": false}', "/x", None), NotTheApi),
        (Reply(404, b"<html>", "/rest/v1/companies.json", None), NotTheApi),
    ],
)
def test_a_reply_means_one_thing(given: Reply, meaning: type[Exception]) -> None:
    with pytest.raises(Exception) as raised:
        replies.judge(given)
    assert type(raised.value) is meaning, raised.value


def test_every_code_that_has_a_rule_stands_on_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "marketo.md").read_text(encoding="utf-8")
    known = (replies.CRM, replies.TOO_MANY, replies.DAY, replies.AT_ONCE, *replies.ENDED, *replies.ABSENT)
    known += (*replies.QUEUE, *replies.LATER, *replies.MISSING, *replies._MOMENTARY, replies.DENIED)
    assert [code for code in known if code not in page] == []


def test_limits_are_waited_for_each_by_its_own_rule() -> None:
    with pytest.raises(RetriableError) as rate:
        replies.judge(reply("606", "Max rate limit '100' exceeded with in '20' secs"))
    assert (rate.value.retry_after, rate.value.ambiguous, rate.value.throttled) == (20, False, False)
    with pytest.raises(RetriableError) as at_once:
        replies.judge(reply("615", "Concurrent access limit '10' reached"))
    assert (at_once.value.retry_after, at_once.value.ambiguous) == (None, False)
    with pytest.raises(RowRejected) as queue:
        replies.judge(reply("1016"))
    assert queue.value.later


def test_a_file_that_is_not_there_is_empty_and_one_that_is_comes_as_it_is() -> None:
    path = "/bulk/v1/customobjects/thing_c/import/1001/failures.json"
    assert replies.judge(Reply(404, b"<html>", path, None)) == b""
    assert replies.judge(Reply(200, b"a,b\n", path, None, {"Content-Type": "text/csv;charset=UTF-8"})) == b"a,b\n"


def made(status: str, code: str = "", message: str = "") -> dict[str, Any]:
    return {"seq": 0, "status": status} | ({"reasons": [{"code": code, "message": message}]} if code else {})


@pytest.mark.parametrize("status", ["skipped", "", "unknown to us"])
def test_only_created_updated_and_deleted_are_success(status: str) -> None:
    row = Row('["a"]', "h", None, False)
    assert replies.outcome(row, made("created")).accepted
    assert replies.outcome(row, made("updated")).accepted
    refused = replies.outcome(row, made(status))
    assert refused.rejection and refused.rejection.code == "SKIPPED"


def test_a_record_that_is_gone_is_not_one_that_is_busy_nor_one_that_is_wrong() -> None:
    row = Row('["a"]', "h", "G1", False, record='{"Note": "secret of somebody"}')
    assert replies.outcome(row, made("skipped", "1004")).vanished
    assert replies.outcome(row, made("skipped", "1013")).vanished
    for code in ("1014", "1019", "1022", "1016", "1029"):
        assert replies.outcome(row, made("skipped", code)).later, code
    why = replies.outcome(row, made("skipped", "1003", "Field 'Note': secret of somebody is not valid")).rejection
    assert why and (why.field, why.code) == ("Note", "1003") and "secret" not in why.message
    with pytest.raises(FatalError, match="native CRM sync"):
        replies.outcome(row, made("skipped", "1018"))


def test_a_link_by_marketos_id_is_a_look_up_and_a_dedupe_field_can_be_written_once() -> None:
    given = {
        "dedupeFields": ["key"],
        "relationships": [
            {"field": "a", "type": "parent", "object": {"name": "Company", "field": "id"}},
            {"field": "b", "type": "parent", "relatedTo": {"name": "Company", "field": "customerAccountId"}},
        ],
        "fields": [
            {"name": "key", "dataType": "string", "length": 36, "updateable": False},
            {"name": "a", "dataType": "integer", "updateable": True},
            {"name": "b", "dataType": "String", "length": 255, "updateable": True},
            {"name": "updatedAt", "dataType": "datetime", "updateable": False},
        ],
    }
    found = schema.fields(given)
    assert (found["a"].type, found["a"].lookup, found["b"].type, found["b"].lookup) == (
        "LOOKUP",
        "company",
        "STRING",
        "",
    )
    assert (found["key"].updateable, found["key"].nillable) == (True, False)
    assert not found["updatedAt"].updateable


def test_whole_numbers_fit_percentages_and_decimals_do_not() -> None:
    assert "PERCENT" in schema.TYPES["integer"]
    assert not {"PERCENT", "INTEGER", "SCORE"} & (schema.TYPES["double"] | schema.TYPES["decimal"])


def test_times_have_an_offset_and_whole_seconds() -> None:
    record = '{"at": "2026-06-30T01:16:30.250Z", "none": null, "text": "2026-06-30T01:16:30.250Z"}'
    assert json.loads(schema.with_offsets(record, ["at", "none"])) == {
        "at": "2026-06-30T01:16:30+00:00",
        "none": None,
        "text": "2026-06-30T01:16:30.250Z",
    }


def field(kind: str) -> Field:
    return Field("f", kind, None, True, True, True, {}, (), "")


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "type_", "same"),
    [
        (None, "", "text", "STRING", True),
        ("a", " a ", "text", "STRING", True),
        (0.1, "0.1", "double", "FLOAT", True),
        (0.126, "0.13", "double", "CURRENCY", True),
        (0.14, "0.13", "double", "CURRENCY", False),
        (75, 75, "integer", "PERCENT", True),
        (75, "75", "integer", "INTEGER", True),
        (0, None, "integer", "INTEGER", False),
        (True, "true", "boolean", "BOOLEAN", True),
        (False, None, "boolean", "BOOLEAN", False),
        ("2026-06-30T01:16:30.250Z", "2026-06-30T01:16:30Z", "timestamp", "DATETIME", True),
        ("2026-06-30T01:16:30.250Z", "2026-06-29T20:16:30-05:00", "timestamp", "DATETIME", True),
        ("2026-06-30T01:16:31.000Z", "2026-06-30T01:16:30Z", "timestamp", "DATETIME", False),
        ("2026-06-30", "2026-06-30T00:00:00Z", "date", "DATETIME", True),
        ("2026-06-30", "2026-07-01", "date", "DATE", False),
    ],
)
def test_what_is_read_is_what_was_sent(ours: Any, theirs: Any, kind: str, type_: str, same: bool) -> None:
    assert Comparing().same(ours, theirs, kind, field(type_)) is same
