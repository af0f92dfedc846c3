"""The local Marketo's imports: files, the queue, states, failures and warnings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from test_marketo_sandbox import CAR, Client, code, open_box, until

from sandbox.marketo import Fault, Instance, Limits, RowFault, Switches

HEADER = "make,vin,year"
BULK = f"/bulk/v1/customobjects/{CAR}/import"


@pytest.fixture
def box() -> Iterator[Instance]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Instance) -> Client:
    return Client(box)


def send(client: Client, content: str, form: str = "csv") -> Any:
    files = {"file": ("cars.csv", content.encode(), "text/csv")}
    return client.post(f"{client.box.url}{BULK}.json", params={"format": form}, files=files, timeout=30).json()


def status(client: Client, batch: int) -> dict[str, Any]:
    told: dict[str, Any] = client.call("GET", f"{BULK}/{batch}/status.json")["result"][0]
    return told


def done(client: Client, content: str, form: str = "csv") -> dict[str, Any]:
    """The status of an import of this file, when it has ended."""
    batch = send(client, content, form)["result"][0]["batchId"]
    until(lambda: status(client, batch)["status"] in ("Complete", "Failed"))
    return status(client, batch)


def file(client: Client, batch: int, kind: str) -> requests.Response:
    return client.get(f"{client.box.url}{BULK}/{batch}/{kind}.json", timeout=30)


def cars(count: int, year: int = 2003) -> str:
    return "\n".join([HEADER, *(f"BMW,{n},{year}" for n in range(count))]) + "\n"


def test_a_file_is_queued_imported_and_told_in_the_vendors_words(box: Instance, client: Client) -> None:
    accepted = send(client, cars(3))["result"]
    assert accepted == [{"batchId": 1001, "status": "Queued", "objectApiName": CAR}]
    until(lambda: status(client, 1001)["status"] == "Complete")
    told = status(client, 1001)
    assert told.pop("importTime").endswith(" second(s)")
    assert told == {
        "batchId": 1001,
        "operation": "import",
        "status": "Complete",
        "objectApiName": CAR,
        "numOfObjectsProcessed": 3,
        "numOfRowsFailed": 0,
        "numOfRowsWithWarning": 0,
        "message": "Import succeeded, 3 records imported (3 members)",
    }
    assert [(row["make"], row["vin"], row["year"]) for row in box.rows(CAR)] == [
        ("BMW", str(n), 2003) for n in range(3)
    ]
    assert [file(client, 1001, kind).status_code for kind in ("failures", "warnings")] == [404, 404]


def test_a_second_import_updates_and_an_empty_cell_clears(box: Instance, client: Client) -> None:
    box.insert(CAR, [{"vin": "1", "make": "BMW", "year": 2003}])
    done(client, f"{HEADER}\n,1,2004\nVW,2,\n")
    assert [(row["vin"], row["make"], row["year"]) for row in box.rows(CAR)] == [("1", None, 2004), ("2", "VW", None)]
    box.switches.empty_cell = "ignored"
    done(client, f"{HEADER}\n,2,2005\n")
    assert [(row["make"], row["year"]) for row in box.rows(CAR)][1] == ("VW", 2005)
    done(client, f"{HEADER}\nNULL,2,2005\n")
    assert box.rows(CAR)[1]["make"] == "NULL"
    box.switches.null_word = "clears"
    done(client, f"{HEADER}\nNULL,2,2005\n")
    assert box.rows(CAR)[1]["make"] is None


def test_a_blank_before_a_headers_name_fails_every_row(box: Instance, client: Client) -> None:
    told = done(client, "make,year, vin\nbmw,2002,W1\nbmw,2003,W2\n")
    assert (told["status"], told["numOfObjectsProcessed"], told["numOfRowsFailed"]) == ("Complete", 0, 2)
    assert told["message"] == "Import completed with errors, 0 records imported (0 members), 2 failed"
    reply = file(client, told["batchId"], "failures")
    assert reply.text.splitlines() == [
        "make,year, vin,Import Failure Reason",
        "bmw,2002,W1,missing.dedupe.fields",
        "bmw,2003,W2,missing.dedupe.fields",
    ]
    assert "csv" in reply.headers["Content-Type"] and box.count(CAR) == 0


def test_single_rows_fail_and_the_others_are_taken(box: Instance, client: Client) -> None:
    told = done(client, f'{HEADER}\nBMW,1,2003\nBMW,,2003\n"VW, red",2,old\nBMW,3,2003.5\nBMW,4\n')
    assert (told["numOfObjectsProcessed"], told["numOfRowsFailed"]) == (1, 4)
    lines = file(client, told["batchId"], "failures").text.splitlines()
    assert [line.partition(",")[0] for line in lines[1:3]] == ["BMW", '"VW']
    assert lines[1] == "BMW,,2003,missing.dedupe.fields"
    assert lines[2] == '"VW, red",2,old,Invalid data type in field Year'
    assert [row["vin"] for row in box.rows(CAR)] == ["1"]


def test_warned_rows_are_taken_and_named_in_a_file_of_their_own(box: Instance, client: Client) -> None:
    box.fail_rows(RowFault("1003", "Looks odd", warning=True, where=lambda row: row["vin"] == "1"))
    box.switches.bad_cell = "warns"
    told = done(client, f"{HEADER}\nBMW,0,2003\nBMW,1,2003\nBMW,2,old\n")
    assert (told["numOfObjectsProcessed"], told["numOfRowsFailed"], told["numOfRowsWithWarning"]) == (3, 0, 2)
    lines = file(client, told["batchId"], "warnings").text.splitlines()
    assert lines[:2] == ["make,vin,year,Import Warning Reason", "BMW,1,2003,Looks odd"]
    assert lines[2] == "BMW,2,old,Invalid data type in field Year"
    assert [row["year"] for row in box.rows(CAR)] == [2003, 2003, None]
    box.switches.warning_column = "Import Failure Reason"
    assert file(client, told["batchId"], "warnings").text.splitlines()[0].endswith(",Import Failure Reason")


def test_rows_fail_by_schedule_and_their_file_may_be_shuffled(box: Instance, client: Client) -> None:
    box.fail_rows(RowFault("1007", every=2))
    box.switches.files_order = "shuffled"
    told = done(client, cars(40))
    assert (told["numOfObjectsProcessed"], told["numOfRowsFailed"]) == (20, 20)
    keys = [line.split(",")[1] for line in file(client, told["batchId"], "failures").text.splitlines()[1:]]
    assert keys != sorted(keys, key=int) and sorted(keys, key=int) == [str(n) for n in range(1, 40, 2)]


def test_an_unknown_column_fails_every_row_or_is_ignored(box: Instance, client: Client) -> None:
    content = "vin,nothing\na,1\n"
    assert done(client, content)["numOfRowsFailed"] == 1
    box.switches.unknown_column = "ignored"
    assert done(client, content)["numOfObjectsProcessed"] == 1


@pytest.mark.parametrize(("form", "delimiter"), [("tsv", "\t"), ("ssv", ";")])
def test_other_delimiters_are_taken(box: Instance, client: Client, form: str, delimiter: str) -> None:
    told = done(client, cars(2).replace(",", delimiter), form)
    assert told["numOfObjectsProcessed"] == 2


def test_the_eleventh_import_in_the_queue_is_1016() -> None:
    with open_box(limits=Limits(calls_per_window=None, others_in_queue=3), bulk_seconds=600.0) as box:
        client = Client(box)
        told = [send(client, cars(1)) for _ in range(8)]
        assert [each["success"] for each in told] == [True] * 7 + [False]
        assert (code(told[7]), told[7]["errors"][0]["message"]) == ("1016", "Too many imports")
        assert {status(client, 1001 + n)["status"] for n in range(7)} == {"Queued"}


def test_two_imports_run_at_once_and_the_first_come_first(box: Instance, client: Client) -> None:
    with open_box(limits=Limits.off(), bulk_seconds=0.02) as box:
        client = Client(box)
        batches = [send(client, cars(1))["result"][0]["batchId"] for _ in range(5)]
        seen: list[list[str]] = []

        def ended() -> bool:
            seen.append([status(client, batch)["status"] for batch in batches])
            return set(seen[-1]) == {"Complete"}

        until(ended)
        assert batches == [1001, 1002, 1003, 1004, 1005]
        assert max(each.count("Importing") for each in seen) <= 2


def test_an_import_fails_half_way_after_some_rows_were_taken(box: Instance, client: Client) -> None:
    box.switches = Switches(import_end="Failed", import_written="half")
    told = done(client, cars(10))
    assert (told["status"], told["numOfObjectsProcessed"], told["numOfRowsFailed"]) == ("Failed", 5, 0)
    assert told["message"] == "Import failed"
    assert [row["vin"] for row in box.rows(CAR)] == ["0", "1", "2", "3", "4"]
    assert file(client, told["batchId"], "failures").status_code == 404


def test_an_import_may_never_end_or_end_only_for_a_later_poll(box: Instance, client: Client) -> None:
    box.switches.import_end = "never"
    batch = send(client, cars(1))["result"][0]["batchId"]
    until(lambda: box.count(CAR) == 1)
    assert status(client, batch)["status"] == "Importing"
    box.switches = Switches(polls_in_progress=2)
    batch = send(client, cars(1))["result"][0]["batchId"]
    until(lambda: box.imports()[0][1] == "Complete")
    assert [status(client, batch)["status"] for _ in range(3)] == ["Importing", "Importing", "Complete"]


def test_a_file_of_ten_megabytes_is_413(box: Instance, client: Client) -> None:
    box.limits.file_bytes = 1_000
    content = HEADER + "\n" + "BMW,1,2003\n" * 100
    files = {"file": ("cars.csv", content.encode()[:1_000], "text/csv")}
    assert client.post(f"{box.url}{BULK}.json", files=files, timeout=30).status_code == 413
    files = {"file": ("cars.csv", content.encode()[:999], "text/csv")}
    assert client.post(f"{box.url}{BULK}.json", files=files, timeout=30).status_code == 200
    assert Limits().file_bytes == 10_000_000


def test_what_is_no_file_is_refused_and_what_cannot_be_read_fails(box: Instance, client: Client) -> None:
    where = f"{box.url}{BULK}.json"
    assert code(client.post(where, json={}, timeout=30).json()) == "612"
    kind = {"Content-Type": "multipart/form-data"}
    assert code(client.post(where, data=b"x", headers=kind, timeout=30).json()) == "613"
    assert code(client.post(where, files={"other": ("x", b"x")}, timeout=30).json()) == "1002"
    assert code(send(client, cars(1), "xls")) == "1003"
    files = {"file": ("cars.csv", b"vin\n\xff\xfe\n", "text/csv")}
    batch = client.post(where, files=files, timeout=30).json()["result"][0]["batchId"]
    until(lambda: status(client, batch)["status"] == "Failed")
    assert box.imports()[0] == (batch, "Failed", 0, 0, 0)


def test_an_import_is_known_for_seven_days_under_its_own_object(box: Instance) -> None:
    now = [1_000_000.0]
    with open_box(clock=lambda: now[0]) as box:
        client = Client(box)
        batch = done(client, cars(1))["batchId"]
        assert code(client.call("GET", f"{BULK}/{batch + 1}/status.json")) == "1013"
        other = BULK.replace(CAR, "line_c")
        assert code(client.call("GET", f"{other}/{batch}/status.json")) == "1013"
        now[0] += 7 * 86_400 + 1
        client.login()
        assert code(client.call("GET", f"{BULK}/{batch}/status.json")) == "1013"


def test_codes_that_pass_by_themselves_come_by_schedule(box: Instance, client: Client) -> None:
    codes = ["1014", "1016", "1019", "1022", "1029"]
    for n, one in enumerate(codes, 1):
        box.schedule(Fault("result_false", code=one, operation="bulk", nth=n))
    assert [code(send(client, cars(1))) for _ in codes] == codes
    assert send(client, cars(1))["success"] is True


def test_the_answer_to_a_file_may_be_lost_after_it_was_taken(box: Instance, client: Client) -> None:
    box.schedule(Fault("reset", operation="bulk", after_commit=True))
    with pytest.raises(requests.ConnectionError):
        send(client, cars(2))
    until(lambda: box.count(CAR) == 2)
    assert done(client, cars(2, 2004))["numOfObjectsProcessed"] == 2
    assert [row["year"] for row in box.rows(CAR)] == [2004, 2004]


def test_an_import_that_was_begun_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "box.sqlite"
    with open_box(path=path, bulk_seconds=600.0) as box:
        batch = send(Client(box), cars(700))["result"][0]["batchId"]
    with open_box(path=path) as box:
        until(lambda: box.imports()[0][1] == "Complete")
        assert box.imports() == [(batch, "Complete", 700, 0, 0)]
        assert sorted(int(row["vin"]) for row in box.rows(CAR)) == list(range(700))
