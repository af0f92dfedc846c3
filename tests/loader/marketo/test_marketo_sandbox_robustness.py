"""The local Marketo keeps its own word under random use: records are what a plain model says, and no call makes it stumble."""

from __future__ import annotations

import random
from typing import Any

import requests
from test_marketo_sandbox import CAR, CARS, COMPANIES, Client, open_box, until
from test_marketo_sandbox_bulk import BULK, done

VINS = "abcdefgh"
ODD: list[Any] = [
    None,
    True,
    0,
    -1.5,
    1e300,
    "",
    " ",
    "x" * 400,
    [],
    [[]],
    {},
    {"a": None},
    "2026-02-30",
    "NaN",
    "\u0000'\"%,",
]


def test_random_syncs_imports_and_deletes_leave_what_a_plain_model_says() -> None:
    draw = random.Random(18)
    model: dict[str, dict[str, Any]] = {}
    with open_box() as box, Client(box) as client:
        for _ in range(60):
            what, vins = draw.randrange(4), draw.sample(VINS, 3)
            if what == 0:
                told = client.call("POST", f"{CARS}/delete.json", {"input": [{"vin": vin} for vin in vins]})["result"]
                assert [each["status"] for each in told] == ["deleted" if v in model else "skipped" for v in vins]
                for vin in vins:
                    model.pop(vin, None)
                continue
            values = {vin: {"make": draw.choice(["VW", "BMW", ""]), "year": draw.randrange(1990, 2030)} for vin in vins}
            if what == 1:
                rows = "".join(f"{each['make']},{vin},{each['year']}\n" for vin, each in values.items())
                assert done(client, "make,vin,year\n" + rows)["numOfObjectsProcessed"] == 3
                taken = vins
            else:
                action = draw.choice(["createOrUpdate", "createOnly", "updateOnly"])
                told = client.sync(CARS, *[{"vin": v, **each} for v, each in values.items()], action=action)["result"]
                wanted = {v: ("updated" if v in model else "created") for v in vins}
                barred = {"createOnly": "updated", "updateOnly": "created"}.get(action)
                assert [each["status"] for each in told] == [
                    "skipped" if wanted[v] == barred else wanted[v] for v in vins
                ]
                taken = [v for v in vins if wanted[v] != barred]
            for vin in taken:
                model[vin] = {"make": values[vin]["make"] or None, "year": values[vin]["year"]}
        found = {row["vin"]: {"make": row["make"], "year": row["year"]} for row in box.rows(CAR)}
    assert found == model


def test_whatever_comes_is_answered_in_the_documented_form() -> None:
    draw = random.Random(7)
    names = ["vin", "make", "year", "soldOn", "seenAt", "leased", "price", "marketoGUID", "nothing", "accountId"]
    with open_box() as box, Client(box) as client:

        def sent(method: str, path: str, **more: Any) -> None:
            reply = client.request(method, box.url + path, timeout=30, **more)
            told = reply.json() if reply.status_code == 200 else {"success": False, "errors": [{"code": "HTTP"}]}
            assert reply.status_code in (200, 404, 413, 414), (path, more, reply.text)
            assert told["success"] or (told["errors"][0]["code"] != "611"), (path, more, told)

        for _ in range(150):
            record = {draw.choice(names): draw.choice(ODD) for _ in range(3)}
            body = draw.choice(
                [{"input": [record, record]}, {"input": draw.choice(ODD)}, {"input": [draw.choice(ODD)]}]
            )
            extra = {
                draw.choice(["action", "dedupeBy", "filterType", "fields", "batchSize"]): draw.choice([*ODD, "vin"])
            }
            path = draw.choice([CARS, COMPANIES])
            how = draw.choice([".json", ".json?_method=GET", "/delete.json"])
            sent("POST", path + how, json={**body, **extra})
        for query in (
            "filterType=vin&filterValues=%00",
            "filterType=id&filterValues=x",
            "nextPageToken=x",
            "batchSize=-1",
        ):
            sent("GET", f"{COMPANIES}.json?{query}&filterType=id&filterValues=1")
        for content in (b"", b"\n\n", b'"', b"vin\n\x00\n", b"vin,vin\na,b\n", b"vin\n" + b"a,b,c\n" * 3):
            sent("POST", f"{BULK}.json", files={"file": ("cars.csv", content, "text/csv")})
        for tail in ("x/status", "99/failures", "-1/warnings", "1001/failures"):
            sent("GET", f"{BULK}/{tail}.json")
        assert client.sync(CARS, {"vin": "after"})["success"] is True
        until(lambda: {each[1] for each in box.imports()} <= {"Complete", "Failed"})
        assert done(client, "vin\nlast\n")["numOfObjectsProcessed"] == 1


def test_a_form_that_is_no_form_and_a_token_that_is_none_are_refused() -> None:
    with open_box() as box:
        for data in (b"", b"\xff\xfe", b"grant_type=client_credentials", b"grant_type=password&client_id=local"):
            reply = requests.post(f"{box.url}/identity/oauth/token", data=data, timeout=30)
            assert reply.status_code in (400, 401) and reply.json()["error"]
        for header in ("", "Bearer", "Bearer  ", "Basic x", "Bearer x y", "bearer é"):
            headers = {"Authorization": header.encode("utf-8")}
            reply = requests.get(f"{box.url}{COMPANIES}/describe.json", headers=headers, timeout=30)
            assert reply.json()["errors"][0]["code"] in ("600", "601")
