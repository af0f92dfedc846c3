"""What replies of Salesforce mean, and how ids and queries are written; what the whole does is tested over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loader.engine.destination import Row
from loader.engine.http import Reply
from loader.engine.replies import NotTheApi
from loader.errors import FatalError, RetriableError, RowRejected, StoppedError
from loader.salesforce import replies, schema
from loader.salesforce.client import _cut, literal


def reply(status: int, code: str = "", message: str = "", **headers: str) -> Reply:
    body = json.dumps([{"errorCode": code, "message": message}]).encode() if code else b""
    return Reply(status, body, "/services/data/v67.0/x", None, headers)


@pytest.mark.parametrize(
    ("given", "meaning"),
    [
        (reply(401, "INVALID_SESSION_ID"), FatalError),
        (reply(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), StoppedError),
        (
            reply(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
            RetriableError,
        ),
        (reply(403, "REQUEST_LIMIT_EXCEEDED", "?", **{"Sforce-Limit-Info": "api-usage=100/100"}), StoppedError),
        (reply(403, "REQUEST_LIMIT_EXCEEDED", "?", **{"Sforce-Limit-Info": "api-usage=99/100"}), RetriableError),
        (reply(403, "API_DISABLED_FOR_ORG"), FatalError),
        (reply(300), RowRejected),
        (reply(503, "SERVER_UNAVAILABLE"), RetriableError),
        (reply(500), RetriableError),
        (reply(400, "INVALID_FIELD", "No such column"), FatalError),
        (reply(400, "JSON_PARSER_ERROR"), RowRejected),
        (Reply(200, b"<html>", "/x", None), NotTheApi),
        (Reply(404, b"<html>", "/x", None), NotTheApi),
    ],
)
def test_a_reply_means_one_thing(given: Reply, meaning: type[Exception]) -> None:
    with pytest.raises(Exception) as raised:
        replies.judge(given)
    assert type(raised.value) is meaning, raised.value


def test_csv_json_and_nothing_are_told_apart() -> None:
    assert replies.judge(Reply(200, b"a,b\n", "/x", None, {"Content-Type": "text/csv"})) == b"a,b\n"
    assert replies.judge(Reply(200, b'[{"id": "1"}]', "/x", None)) == [{"id": "1"}]
    assert replies.judge(Reply(204, b"", "/x", None)) is None


def result(code: str, message: str = "", *fields: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def test_a_lock_is_later_also_when_a_trigger_met_it_and_a_value_is_not_told() -> None:
    row = Row('["a"]', "h", "001", False, record='{"Key__c": "a", "Note__c": "much too long"}')
    assert replies.outcome(row, {"success": True}).accepted
    for code, text in (
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, wait"),
    ):
        assert replies.outcome(row, result(code, text)).later
    other = replies.outcome(row, result("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: a trigger's own fault"))
    assert other.rejection and other.rejection.code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    long = replies.outcome(
        row, result("STRING_TOO_LONG", "Note: data value too large: much too long (max length=5)", "Note__c")
    )
    assert long.rejection and (long.rejection.field, long.rejection.code) == ("Note__c", "STRING_TOO_LONG")
    assert "much too long" not in long.rejection.message


def test_a_record_has_vanished_only_where_the_row_itself_is_meant() -> None:
    row = Row('["a"]', "h", "001", False)
    assert replies.outcome(row, result("ENTITY_IS_DELETED")).vanished
    assert replies.outcome(row, result("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")).vanished
    link = replies.outcome(row, result("INVALID_CROSS_REFERENCE_KEY", "", "Account__c"))
    assert link.rejection and link.rejection.field == "Account__c"
    new = Row('["a"]', "h", None, False)
    assert replies.outcome(new, result("INVALID_CROSS_REFERENCE_KEY")).rejection


def test_ids_of_15_characters_are_those_of_18() -> None:
    assert schema.full("001A0000006Vm9r") == "001A0000006Vm9rIAC", "worked out by hand in the models' unit test"
    assert schema.short("001A0000006Vm9rIAC") == "001A0000006Vm9r"
    assert (schema.full("A-17"), schema.short("A-17")) == ("A-17", "A-17")
    assert not schema.is_id("001A0000006Vm9r' OR Name != '")


def test_a_query_keeps_its_values_apart_and_within_an_address() -> None:
    assert literal("O'Neil \\ Sons\n") == "'O\\'Neil \\\\ Sons\\n'"
    assert (literal(3), literal(None), literal(True)) == ("3", "null", "true")
    parts = list(_cut([literal(f"k{n:04}") for n in range(5000)], 8_000))
    assert [each for part in parts for each in part] == [f"'k{n:04}'" for n in range(5000)]
    assert len(parts[0]) == 1000, "'k0000' and a comma are 8 characters"
    assert [len(each) for each in _cut(["1"] * 4001, 100_000)] == [2000, 2000, 1]
