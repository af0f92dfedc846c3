"""The sandbox's reads and metadata (contract sections 3.5, 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from test_sandbox import USAGE, Client, open_box, refused, row

ROWS: list[dict[str, Any]] = [
    row(1, Seats__gc=10, Period_Start__gc="2024-01-01", Label__gc="Production"),
    row(2, Seats__gc=20, Period_Start__gc="2024-02-01", Label__gc="Staging", Tags__gc=["one"]),
    row(3, Seats__gc=30, Period_Start__gc="2024-03-01", Is_Reporting__gc=True),
    row(4, Seen_At__gc="2024-02-05T07:17:16.000Z", Tags__gc=["one", "two"]),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """For tests that only read and switch nothing."""
    with open_box() as box:
        (acme,) = box.insert("Company", [{"Name": "Acme", "SfdcAccountId": "A-1"}])
        box.insert(USAGE, [{**ROWS[0], "Company_Id__gc": acme}, *ROWS[1:]])
        yield Client(box)


@pytest.fixture
def client() -> Iterator[Client]:
    with open_box() as box:
        box.insert(USAGE, ROWS)
        yield Client(box)


def where(*conditions: tuple[str, str, Any], expression: str | None = None) -> dict[str, Any]:
    aliases = "ABCDEFGH"
    listed = [
        {"name": name, "alias": alias, "value": value, "operator": operator}
        for alias, (name, operator, value) in zip(aliases, conditions, strict=False)
    ]
    joined = " AND ".join(aliases[: len(conditions)])
    return {"where": {"conditions": listed, "expression": expression or joined}}


def found(reply: requests.Response) -> list[int]:
    """Numbers of the instances in the reply."""
    data = reply.json()["data"]
    records = data["records"] if isinstance(data, dict) else data
    return [int(each["Instance_Id__gc"][1:]) for each in records]


@pytest.mark.parametrize(
    ("field", "operator", "value", "numbers"),
    [
        ("Instance_Id__gc", "EQ", ["i2"], [2]),
        ("Seats__gc", "EQ", [20], [2]),
        ("Seats__gc", "EQ", ["20"], [2]),
        ("Seats__gc", "NE", [20], [1, 3, 4]),
        ("Seats__gc", "GT", [10], [2, 3]),
        ("Seats__gc", "GTE", [10], [1, 2, 3]),
        ("Seats__gc", "LT", [30], [1, 2]),
        ("Seats__gc", "LTE", [30], [1, 2, 3]),
        ("Seats__gc", "BTW", [10, 20], [1, 2]),
        ("Seats__gc", "IS_NULL", [], [4]),
        ("Seats__gc", "IS_NOT_NULL", [], [1, 2, 3]),
        ("Seats__gc", "IN", [10, 30], [1, 3]),
        ("Seats__gc", "NOT_IN", [10, 30], [2, 4]),
        ("Instance_Id__gc", "CONTAINS", ["3"], [3]),
        ("Instance_Id__gc", "DOES_NOT_CONTAINS", ["3"], [1, 2, 4]),
        ("Instance_Id__gc", "STARTS_WITH", ["i"], [1, 2, 3, 4]),
        ("Instance_Id__gc", "ENDS_WITH", ["4"], [4]),
        ("Instance_Id__gc", "ENDS_WITH", ["xi4"], []),
        ("Tags__gc", "INCLUDES", ["two"], [4]),
        ("Tags__gc", "EXCLUDES", ["two"], [1, 2, 3]),
        ("Label__gc", "EQ", ["Staging"], [2]),
        ("Is_Reporting__gc", "EQ", [True], [3]),
        ("Period_Start__gc", "GTE", ["2024-02-01"], [2, 3]),
        ("Period_Start__gc", "EQ", ["02-01-2024"], [2]),
        ("Period_Start__gc", "EQ", [1706745600000], [2]),
        ("Seen_At__gc", "GT", ["2024-02-05 00:00:00"], [4]),
        ("Seen_At__gc", "GT", ["2024-02-05T09:17:15+02:00"], [4]),
        ("Seen_At__gc", "LT", ["2024-02-05T07:17:16Z"], []),
        ("Company_Id__gr.Name", "EQ", ["Acme"], [1]),
    ],
)
def test_each_operator_finds_its_rows(
    shared: Client, field: str, operator: str, value: Any, numbers: list[int]
) -> None:
    assert found(shared.query("Instance_Id__gc", **where((field, operator, value)))) == numbers


A = ("Seats__gc", "EQ", [10])
B = ("Seats__gc", "EQ", [20])
C = ("Label__gc", "EQ", ["Staging"])


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [("A OR B", [1, 2]), ("A AND B", []), ("A OR B AND C", [1, 2]), ("B AND C OR A", [1, 2])],
)
def test_and_binds_tighter_than_or(shared: Client, expression: str, numbers: list[int]) -> None:
    conditions = where(A, B, C, expression=expression)
    assert found(shared.query("Instance_Id__gc", **conditions)) == numbers


def test_parentheses_are_refused_unless_switched_on(client: Client) -> None:
    conditions = where(A, B, C, expression="(A OR B) AND C")
    refused(client.query("Instance_Id__gc", **conditions), "GSOBJ_EMU_WHERE")
    client.box.switches.expression_parentheses = True
    assert found(client.query("Instance_Id__gc", **conditions)) == [2]


@pytest.mark.parametrize(
    "more",
    [
        where(A, expression="A AND"),
        where(A, expression="Z"),
        where(A, expression="A B"),
        where(("Seats__gc", "LIKE", ["x"])),
        where(("Seats__gc", "EQ", [])),
        where(("Seats__gc", "BTW", [1])),
        where(("Seats__gc", "EQ", 1)),
        {"where": {"conditions": [{"name": "Seats__gc", "alias": "A"}]}},
        {"where": {"conditions": "A"}},
        {"orderBy": {"Seats__gc": "up"}},
    ],
)
def test_a_malformed_where_is_refused(shared: Client, more: dict[str, Any]) -> None:
    refused(shared.query("Gsid", **more), "GSOBJ_EMU_WHERE")


def test_select_is_required_and_its_fields_must_exist_in_their_case(shared: Client) -> None:
    refused(shared.query(), "GSOBJ_EMU_SELECT")
    for path in ("Nope", "seats__gc", "Company_Id__gr.Nope", "Nope__gr.Name"):
        refused(shared.query(path), "GSOBJ_EMU_UNKNOWN_FIELD")


def test_a_lookup_path_is_the_key_of_the_reply(shared: Client) -> None:
    rows = shared.query("Company_Id__gr.Name", "Company_Id__gr.CreatedBy__gr.Name").json()["data"]["records"]
    assert rows[0] == {
        "Company_Id__gr.Name": "Acme",
        "Company_Id__gr.CreatedBy__gr.Name": "API User",
    }
    assert rows[1]["Company_Id__gr.Name"] is None


def test_dates_are_read_as_iso_text_and_picklists_as_gsids(shared: Client) -> None:
    fields = ("Period_Start__gc", "Seen_At__gc", "Label__gc", "Tags__gc", "CreatedDate")
    rows = shared.query(*fields, "Is_Reporting__gc").json()["data"]["records"]
    assert rows[0]["Period_Start__gc"] == "2024-01-01"
    assert rows[3]["Seen_At__gc"] == "2024-02-05T07:17:16.000Z"
    assert rows[0]["Label__gc"].startswith("1I00") and len(rows[0]["Label__gc"]) == 36
    assert len(rows[3]["Tags__gc"].split(";")) == 2
    assert rows[0]["CreatedDate"].endswith("Z")
    assert rows[2]["Is_Reporting__gc"] is True


def test_null_values_are_null_or_left_out_by_switch(client: Client) -> None:
    last = where(("Instance_Id__gc", "EQ", ["i4"]))
    assert client.query("Instance_Id__gc", "Seats__gc", **last).json()["data"]["records"] == [
        {"Instance_Id__gc": "i4", "Seats__gc": None}
    ]
    client.box.switches.null_in_query = "omitted"
    assert client.query("Instance_Id__gc", "Seats__gc", **last).json()["data"]["records"] == [{"Instance_Id__gc": "i4"}]


def test_both_documented_shapes_are_served(client: Client) -> None:
    assert len(client.query("Gsid").json()["data"]["records"]) == 4
    client.box.switches.query_shape = "list"
    assert len(client.query("Gsid").json()["data"]) == 4


NOTHING = where(("Seats__gc", "EQ", [-1]))


@pytest.mark.parametrize(
    ("switch", "status", "result", "code", "data"),
    [
        ("records", 200, True, None, {"records": []}),
        ("list", 200, True, None, []),
        ("result_false", 200, False, "GSOBJ_1XXX", None),
        ("gsobj_1011", 400, False, "GSOBJ_1011", None),
    ],
)
def test_an_empty_result_has_each_documented_form(
    client: Client, switch: Any, status: int, result: bool, code: str | None, data: Any
) -> None:
    client.box.switches.empty_result = switch
    reply = client.query("Gsid", **NOTHING)
    body = reply.json()
    assert (reply.status_code, body["result"], body["errorCode"]) == (status, result, code)
    assert body["data"] == data


def test_order_limit_and_a_zero_based_offset_page_through_the_rows(shared: Client) -> None:
    order = {"orderBy": {"Instance_Id__gc": "desc"}}
    assert found(shared.query("Instance_Id__gc", **order, limit=3)) == [4, 3, 2]
    assert found(shared.query("Instance_Id__gc", **order, limit=3, offset=3)) == [1]


@pytest.mark.parametrize("more", [{"limit": 5001}, {"limit": 0}, {"limit": "5"}, {"offset": -1}])
def test_limits_and_offsets_out_of_range_are_refused(shared: Client, more: Any) -> None:
    assert shared.query("Gsid", **more).status_code == 400


def test_one_read_gives_at_most_5000_rows(client: Client) -> None:
    client.box.insert(USAGE, [row(n) for n in range(5, 5100)])
    assert len(client.query("Gsid").json()["data"]["records"]) == 5000


def test_rows_come_in_another_order_each_time_when_switched(client: Client) -> None:
    client.box.insert(USAGE, [row(n) for n in range(5, 60)])
    client.box.switches.unsorted_order = "arbitrary"
    first, second = (found(client.query("Instance_Id__gc")) for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == list(range(1, 60))
    assert found(client.query("Instance_Id__gc", orderBy={"Seats__gc": "desc"}, limit=1)) == [3]


def test_many_pairs_of_keys_are_found_in_one_query(client: Client) -> None:
    conditions = []
    for n in range(2500):
        conditions.append(("Instance_Id__gc", [f"i{n}"], f"A{n}"))
        conditions.append(("Period_Start__gc", ["2024-02-01"], f"B{n}"))
    listed = [{"name": name, "alias": alias, "value": value, "operator": "EQ"} for name, value, alias in conditions]
    expression = " OR ".join(f"A{n} AND B{n}" for n in range(2500))
    reply = client.query("Instance_Id__gc", where={"conditions": listed, "expression": expression})
    assert found(reply) == [2]


# Metadata


def test_the_object_list_has_the_documented_keys(shared: Client) -> None:
    path = "/v1/meta/services/objects/list?po=company&em=false"
    body = shared.call("GET", path).json()
    assert body.keys() == {"requestId", "result", "data"}
    objects = {each["objectName"]: each for each in body["data"]}
    assert objects["company"]["objectType"] == "STANDARD"
    assert objects["company"]["transactional"] is False
    usage = objects[USAGE.lower()]
    assert (usage["objectType"], usage["transactional"], usage["label"]) == (
        *("CUSTOM", True),
        "Instance Usage",
    )
    assert usage.keys() >= {"keyPrefix", "multiCurrencySupported", "readable", "createable"}


def fields_of(reply: requests.Response) -> dict[str, Any]:
    return {each["fieldName"]: each for each in reply.json()["data"][0]["fields"]}


def test_both_forms_of_describe_tell_the_same_fields(shared: Client) -> None:
    by_get = fields_of(shared.call("GET", f"/v1/meta/services/objects/{USAGE}/describe?ic=false"))
    body = {"objectNames": [USAGE], "populatePickListOptions": "true"}
    by_post = fields_of(shared.call("POST", "/v1/meta/services/objects/describe", body))
    assert by_get == by_post
    assert {"Gsid", "CreatedDate", "ModifiedDate", "CreatedBy", "ModifiedBy"} <= by_get.keys()


def test_describe_tells_what_a_loader_must_know(shared: Client) -> None:
    fields = fields_of(shared.call("GET", f"/v1/meta/services/objects/{USAGE}/describe"))
    key = fields["Instance_Id__gc"]
    assert (key["dataType"], key["meta"]["length"], key["meta"]["nillable"]) == (
        "STRING",
        40,
        False,
    )
    assert key["meta"]["required"] is True and key["meta"]["fieldGroupType"] == "CUSTOM"
    gsid = fields["Gsid"]["meta"]
    assert (gsid["readOnly"], gsid["createable"], gsid["updateable"]) == (True, False, False)
    assert (gsid["length"], gsid["fieldGroupType"]) == (220, "SYSTEM")
    assert fields["Computed__gc"]["meta"]["readOnly"] is True
    lookup = fields["Company_Id__gc"]["meta"]["lookupDetail"]
    assert (lookup["lookupName"], lookup["fieldName"]) == ("Company_Id__gr", "Gsid")
    assert lookup["lookupObjects"][0]["objectName"] == "company"
    assert [each["active"] for each in fields["Label__gc"]["options"]] == [True, True, False]


def test_describe_lists_picklist_items_only_when_asked(shared: Client) -> None:
    body = {"objectNames": [USAGE], "populatePickListOptions": "false"}
    fields = fields_of(shared.call("POST", "/v1/meta/services/objects/describe", body))
    assert "options" not in fields["Label__gc"]


def test_describing_an_unknown_object_has_the_metadata_error_shape(shared: Client) -> None:
    body = {"objectNames": ["nope__gc"]}
    for reply in (
        shared.call("GET", "/v1/meta/services/objects/nope__gc/describe"),
        shared.call("POST", "/v1/meta/services/objects/describe", body),
    ):
        error = reply.json()
        assert error.keys() == {*("requestId", "result", "instance", "title", "detail", "errorDesc")}
        assert (error["result"], error["title"]) == (False, "OBJECT_NOT_FOUND")


def test_a_dropdown_category_lists_its_items(shared: Client) -> None:
    fields = fields_of(shared.call("GET", f"/v1/meta/services/objects/{USAGE}/describe"))
    label = fields["Label__gc"]
    category = label["meta"]["properties"]["PICKLIST_CATEGORY_ID"]
    data = shared.call("GET", f"/v1/meta/services/dropdowns/{category}").json()["data"]
    assert data["categoryDetails"]["gsid"] == category
    assert [(each["name"], each["gsid"]) for each in data["childItems"]] == [
        (each["label"], each["value"]) for each in label["options"]
    ]
    unknown = shared.call("GET", "/v1/meta/services/dropdowns/none").json()
    assert unknown["result"] is False
