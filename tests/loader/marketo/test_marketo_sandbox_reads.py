"""The local Marketo describes its objects and finds records."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from test_marketo_sandbox import CAR, CARS, COMPANIES, LINE, Client, code, open_box, statuses

from sandbox.marketo import Instance


@pytest.fixture
def box() -> Iterator[Instance]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Instance) -> Client:
    return Client(box)


def test_companies_describe_themselves_as_the_vendor_shows(client: Client) -> None:
    (told,) = client.call("GET", f"{COMPANIES}/describe.json")["result"]
    assert (told["name"], told["idField"], told["dedupeFields"]) == ("Company", "id", ["externalCompanyId"])
    assert told["searchableFields"] == [["externalCompanyId"], ["id"], ["company"]]
    fields = {each["name"]: each for each in told["fields"]}
    assert fields["externalCompanyId"] == {
        "name": "externalCompanyId",
        "displayName": "External Company Id",
        "dataType": "string",
        "length": 100,
        "updateable": False,
    }
    assert fields["company"]["updateable"] is True and fields["annualRevenue"]["dataType"] == "currency"


def test_custom_objects_are_listed_and_describe_fields_keys_and_links(client: Client) -> None:
    listed = client.call("GET", "/rest/v1/customobjects.json")["result"]
    assert [each["name"] for each in listed] == [CAR, LINE]
    assert listed[0]["relationships"][0]["relatedTo"] == {"name": "Company", "field": "externalCompanyId"}
    assert "fields" not in listed[0]
    assert listed[1]["searchableFields"][0] == ["accountId", "product"]
    (told,) = client.call("GET", f"{CARS}/describe.json")["result"]
    assert (told["idField"], told["dedupeFields"]) == ("marketoGUID", ["vin"])
    assert told["searchableFields"] == [["vin"], ["marketoGUID"], ["accountId"]]
    fields = {each["name"]: (each["dataType"], each.get("length"), each["updateable"]) for each in told["fields"]}
    assert fields["marketoGUID"] == ("string", 36, False) and fields["vin"] == ("string", 36, False)
    assert fields["sharePct"] == ("percent", None, True) and fields["make"] == ("string", 255, True)


def test_dedupe_fields_of_custom_objects_may_be_called_updateable(box: Instance, client: Client) -> None:
    box.switches.dedupe_updateable = True
    for path, name, updateable in (
        (f"{CARS}/describe.json", "vin", True),
        (f"{COMPANIES}/describe.json", "externalCompanyId", False),
    ):
        (told,) = client.call("GET", path)["result"]
        assert {each["name"]: each["updateable"] for each in told["fields"]}[name] is updateable


def test_fields_of_companies_say_which_are_custom(box: Instance, client: Client) -> None:
    box.create_object("Company", [{"name": "healthScore", "type": "integer"}])
    told = {each["name"]: each["isCustom"] for each in client.call("GET", f"{COMPANIES}/schema/fields.json")["result"]}
    assert told["healthScore"] is True and told["company"] is False


def test_companies_are_found_by_a_list_of_values(box: Instance, client: Client) -> None:
    box.insert("Company", [{"externalCompanyId": f"A-{n}", "company": f"C{n}"} for n in range(3)])
    where = f"{COMPANIES}.json?filterType=externalCompanyId&filterValues=A-2,A-0,A-9"
    told = client.call("GET", where + "&fields=externalCompanyId,company,industry")["result"]
    assert [(each["seq"], each["externalCompanyId"], each["company"]) for each in told] == [
        (0, "A-0", "C0"),
        (1, "A-2", "C2"),
    ]
    assert "industry" not in told[0]  # not returned is null
    assert set(client.call("GET", where)["result"][0]) == {"seq", "id", "externalCompanyId", "createdAt", "updatedAt"}
    by_id = client.call("GET", f"{COMPANIES}.json?filterType=id&filterValues={told[1]['id']}")["result"]
    assert [each["externalCompanyId"] for each in by_id] == ["A-2"]
    box.switches.null_in_query = "null"
    assert client.call("GET", where + "&fields=industry")["result"][0]["industry"] is None


def test_a_long_look_up_goes_by_post_with_method_get(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": f"{n:030d}"} for n in range(300)])
    form = {"filterType": "dedupeFields", "filterValues": ",".join(f"{n:030d}" for n in range(300))}
    reply = client.post(f"{box.url}{CARS}.json", params={"_method": "GET"}, data=form, timeout=30).json()
    assert len(reply["result"]) == 300 and "moreResult" not in reply


def test_compound_keys_are_looked_up_by_input(box: Instance, client: Client) -> None:
    lines = f"/rest/v1/customobjects/{LINE}"
    keys = [{"accountId": a, "product": p} for a in "ab" for p in ("x", "y")]
    assert statuses(client.sync(lines, *[{**key, "note": "n"} for key in keys])) == ["created"] * 4
    asked = {"filterType": "dedupeFields", "fields": ["accountId", "product"], "input": [keys[3], keys[0]]}
    told = client.call("POST", f"{lines}.json?_method=GET", asked)["result"]
    assert [(each["accountId"], each["product"]) for each in told] == [("a", "x"), ("b", "y")]
    assert code(client.call("GET", f"{lines}.json?filterType=dedupeFields&filterValues=a")) == "1003"
    short = {"filterType": "dedupeFields", "input": [{"accountId": "a"}]}
    assert code(client.call("POST", f"{lines}.json?_method=GET", short)) == "1002"
    one = {"filterType": "dedupeFields", "input": [{"vin": "none"}]}
    assert client.call("POST", f"{CARS}.json?_method=GET", one)["result"] == []
    box.switches.input_query = "compound"
    assert code(client.call("POST", f"{CARS}.json?_method=GET", one)) == "1003"


def test_more_than_a_page_comes_with_a_token_for_the_next(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": f"{n:03d}", "accountId": "A"} for n in range(650)])
    where = f"{CARS}.json?filterType=accountId&filterValues=A"
    found: list[str] = []
    token, sizes = "", []
    while True:
        told = client.call("GET", where, params={"nextPageToken": token} if token else None)
        found += [each["vin"] for each in told["result"]]
        sizes.append(len(told["result"]))
        if not told.get("moreResult"):
            break
        token = told["nextPageToken"]
    assert (sizes, found) == ([300, 300, 50], [f"{n:03d}" for n in range(650)])
    assert code(client.call("GET", where + "x", params={"nextPageToken": token})) == "1003"
    assert len(client.call("GET", where + "&batchSize=5")["result"]) == 5


def test_a_look_up_of_what_cannot_be_looked_up_is_refused(client: Client) -> None:
    assert code(client.call("GET", f"{CARS}.json?filterType=make&filterValues=BMW")) == "1011"
    assert code(client.call("GET", f"{CARS}.json?filterValues=BMW")) == "1002"
    assert code(client.call("GET", f"{CARS}.json?filterType=vin&filterValues=a&fields=nothing")) == "1006"
    many = ",".join("a" for _ in range(301))
    assert code(client.call("GET", f"{CARS}.json?filterType=vin&filterValues={many}")) == "1003"


def test_values_are_read_as_json_of_their_type(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": "a", "price": 10.4, "leased": "true", "year": 2003, "soldOn": "2010-05-07"}])
    where = f"{CARS}.json?filterType=vin&filterValues=a&fields=price,leased,year,soldOn"
    (told,) = client.call("GET", where)["result"]
    assert {name: told[name] for name in ("price", "leased", "year", "soldOn")} == {
        "price": 10.4,
        "leased": True,
        "year": 2003,
        "soldOn": "2010-05-07",
    }
    box.switches.decimals = "text"
    assert client.call("GET", where)["result"][0]["price"] == "10.40"


def test_a_boolean_without_a_value_may_be_false_as_it_is_of_people(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": "a"}])
    where = f"{CARS}.json?filterType=vin&filterValues=a&fields=leased"
    assert "leased" not in client.call("GET", where)["result"][0]
    box.switches.unset_boolean = "false"
    assert client.call("GET", where)["result"][0]["leased"] is False


def test_what_is_found_may_come_in_any_order(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": f"{n:02d}"} for n in range(20)])
    box.switches.query_order = "shuffled"
    asked = {"filterType": "vin", "fields": ["vin"], "filterValues": ",".join(f"{n:02d}" for n in range(20))}
    told = client.call("POST", f"{CARS}.json?_method=GET", asked)["result"]
    found = [each["vin"] for each in told]
    assert found != sorted(found) and len(set(found)) == 20
    assert [each["seq"] for each in told] == list(range(20))
