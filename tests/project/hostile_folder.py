"""Raw folders with what life puts into them, many kinds at once; the same seed makes the same folder.

Every customer begins as an ordinary one, and then some of its cells, fields, rows and files are spoilt. What is known
for certain is written down beside it: where each ping stands, and which rows each table has.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hostile_values as odd
from dbt_bench import REPO
from raw_folder import COLUMNS, RawFolder, put

from scripts import registry

CUSTOMERS = 14
PATHS = {path: metric["unit"] for metric in registry.read_metrics(REPO) for path in metric["key_paths"]}
COLUMN_VALUES: dict[str, dict[str, list[str]]] = {
    "accounts": {
        **dict.fromkeys(("account_name", "segment", "region", "csm_email"), odd.CELL_TEXTS),
        "parent_account_id": ["A1", "A2", "A3", "A4", " A1 ", "a1", "gone", *odd.CELL_TEXTS],
    },
    "subscriptions": {
        "product_tier": odd.TIERS,
        "status": odd.STATUSES,
        "is_trial": odd.CELL_BOOLEANS,
        "seats": odd.CELL_NUMBERS,
        "arr": odd.CELL_NUMBERS,
        "start_date": odd.CELL_DATES,
        "end_date": odd.CELL_DATES,
        "account_id": ["", "gone", " A1 ", odd.ADDRESS],
        "original_subscription_id": ["", "gone", "S1", "S2", "S3", " S1 ", odd.ADDRESS],
    },
    "licenses": {
        "license_md5": [str(value) for value in odd.HASHES],
        "license_sha256": [str(value) for value in odd.HASHES],
        "subscription_id": ["", "gone", "S1", " S2 "],
        "seats": odd.CELL_NUMBERS,
        "starts_at": odd.CELL_DATES,
        "expires_at": odd.CELL_DATES,
    },
    "instance_labels": {
        "uuid": ["", " ", "gone", *odd.CELL_TEXTS],
        "hostname": [str(value) for value in odd.HOSTNAMES],
        "label": odd.LABELS,
        "labelled_by": odd.CELL_TEXTS,
        "labelled_at": odd.CELL_TIMES,
    },
    "objectives": {
        "account_id": ["", "gone"],
        "metric_name": ["", "activated_seat", "licensed_seats", "git_users_per_activated_seat", *odd.CELL_TEXTS],
        "objective_name": odd.CELL_TEXTS,
        "target_value": odd.CELL_NUMBERS,
        "starts_on": odd.CELL_DATES,
        "due_on": odd.CELL_DATES,
    },
    "excluded_pings": {"ping_id": ["", "gone", *odd.CELL_TEXTS], "reason": odd.CELL_TEXTS},
}
OPTIONAL_VALUES = {
    "subscriptions": {"cancelled_on": odd.CELL_DATES},
    "objectives": {
        "baseline_value": odd.CELL_NUMBERS,
        "direction": ["up", "down", "DOWN ", "", "sideways", *odd.CELL_TEXTS],
    },
}
ENVELOPE: dict[str, list[Any]] = {
    "uuid": [None, "", " ", 7, True, [], {}, *odd.TEXTS],
    "hostname": odd.HOSTNAMES,
    "version": odd.VERSIONS,
    "recorded_at": odd.TIMES,
    "license_md5": odd.HASHES,
    "license_sha256": odd.HASHES,
    "license_id": odd.NUMBERS,
    "license_subscription_id": ["", " ", "0000", 0, -1, None, "gone", " S1 ", "s1", [], {}, odd.ADDRESS],
    "license_trial_ends_on": odd.TIMES,
    "license_starts_at": odd.TIMES,
    "license_expires_at": odd.TIMES,
    **odd.WORDS,
}
# What may stand where a line with a ping should be.
DAMAGED_LINES = [
    b"{", b"}", b"null", b"7", b'"text"', b"[]", b"[1]", b"{}", b'{"ping_id": "d1"}', b"not json", b"\xff\xfe\x00", b"\x00\x00",
    b'{"ping_id": "d2", "received_at": "2026-05-01T00:00:00Z"}', b'{"ping_id": "d3", "received_at": "2026-05-01T00:00:00Z", "payload": 5}',
    b'{"ping_id": "d4", "received_at": "2026-05-01T00:00:00Z", "payload": []}',
    b'{"ping_id": "d5", "received_at": "2026-05-01T00:00:00Z", "payload": "text"}',
    b'{"ping_id": "d6", "received_at": "2026-05-01T00:00:00Z", "payload": null}',
    b'{"ping_id": "d7", "received_at": "2026-05-01T00:00:00Z", "payload": {}}',
    b'{"ping_id": "d8", "received_at": "2026-05-01T00:00:00Z", "payload": {"uuid": "u"', b'{"a": NaN}',
    b'{"ping_id": "d9", "received_at": "2026-05-01T00:00:00Z", "payload": {"uuid": "\\ud800"}}',
    b'{"ping_id": "caf\xe9", "received_at": "2026-05-01T00:00:00Z", "payload": {"uuid": "u"}}',
    b'{"ping_id": "dt", "received_at": "2026-05-01T00:00:00Z", "payload": {"uuid": "u"},}', b"<html>502 Bad Gateway</html>",
    b'{"ping_id": "dd", "ping_id": "de", "received_at": "2026-05-01T00:00:00Z", "payload": {"uuid": "u", "uuid": "v"}}',
]  # fmt: skip
FILE_NAMES = [
    "pings of May.jsonl", "it's.jsonl", "100%.jsonl", "a[1].jsonl", "star*.jsonl", "q?.jsonl", "ünï.jsonl", "UPPER.JSONL", "#1.jsonl",
    "deep/er/pings.jsonl", ".hidden.jsonl", "{{x}}.jsonl", "semi;colon.jsonl", 'quo"te.jsonl', "-rf.jsonl",
    "back\\slash.jsonl", "dir\\x/y.jsonl", "new\nline.jsonl", " blank .jsonl", "[!a].jsonl", "{0}.jsonl", "folder.json/x.jsonl", "🙂.jsonl",
    ".hidden/x.jsonl.gz", "s3:/x.jsonl", "caf\udce9.jsonl", "\udcff/x.jsonl", "$1 %s.jsonl", "\x01.jsonl", "e\u0301.jsonl", "@.jsonl",
]  # fmt: skip
STRAY_FILES = {
    "readme.txt": b"hello", "pings.csv": b"a,b\n1,2\n", "pings.jsonl.zip": b"PK\x03\x04", "noextension": b"{}", "empty.jsonl": b"",
    "blank.jsonl": b"\n \n\n", "empty.jsonl.gz": gzip.compress(b"", mtime=0), "nothing.jsonl.gz": b"", "corrupt.jsonl.gz": b"\x1f\x8b\x08junk",
    "plain.jsonl.gz": b'{"ping_id": "not compressed"}\n', "cut.jsonl.gz": gzip.compress(b'{"a": 1}\n' * 5000, mtime=0)[:-40],
    "manual/utf16.json": '{"uuid": "u"}'.encode("utf-16"), "manual/latin.json": '{"uuid": "é"}'.encode("latin-1"),
    "manual/empty.json": b"", "manual/list.json": b"[1, 2]", "manual/text.json": b'"text"', "manual/null.json": b"null",
    "manual/broken.json": b'{"uuid": ', "manual/sub/x.JSON": b"{}", "manual/notes.md": b"# notes", "array.json": b"[]",
    "manual/corrupt.json.gz": b"\x1f\x8b", "nested.json": b'[[{"uuid": "u"}]]', "nothing.json.gz": gzip.compress(b"[]", mtime=0),
    "blank.json": b" \n ", "mark.jsonl": b"\xef\xbb\xbf", "blank.jsonl.gz": gzip.compress(b"\n\n", mtime=0), "stray\udce9.txt": b"x",
}  # fmt: skip


@dataclass
class Delivered:
    """Where one ping stands: its file as seen from the raw folder, the line or element, the id if it has one."""

    file: str
    line: int | None
    ping_id: str | None


@dataclass
class Hostile:
    """A folder in the making."""

    seed: int
    raw: RawFolder = field(default_factory=RawFolder)
    files: dict[str, bytes] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def one_of(self, values: list[Any]) -> Any:
        """Any of them."""
        return self.random.choice(values)

    def chance(self, share: float) -> bool:
        """Whether something happens that happens this often."""
        return self.random.random() < share


def customer(made: Hostile, number: int) -> list[dict[str, Any]]:
    """An ordinary customer of one instance, as rows of the CRM and pings, before anything is spoilt."""
    account, subscription = f"A{number}", f"S{number}"
    uuid, hostname = f"uuid-{number}", f"git{number}.example"
    made.raw.account(account, csm_email="csm@us.example" if made.chance(0.8) else "")
    start = made.one_of(["2025-01-15", "2026-02-01", "2026-06-20"])
    made.raw.subscription(subscription, account, start, seats=100, product_tier=made.one_of(["Premium", "Ultimate"]))
    md5 = f"{number:032x}"
    license_row = {"license_id": f"L{number}", "license_md5": md5, "subscription_id": subscription, "seats": 100}
    made.raw.add("licenses", **license_row, starts_at="2025-01-15", expires_at="2027-01-15")
    if made.chance(0.7):
        made.raw.label(uuid, hostname)
    objective = {"objective_id": f"O{number}", "account_id": account, "metric_name": "activated_seats"}
    made.raw.add("objectives", **objective, target_value=80, starts_on="2026-01-01", due_on="2026-12-31")
    license_fields = {"license_md5": md5, "license_plan": "premium"}
    if made.chance(0.5):
        license_fields["license_subscription_id"] = subscription
    return [ping(made, number, month, uuid, hostname, license_fields) for month in ("02", "04", "05", "06")]


def ping(made: Hostile, number: int, month: str, uuid: str, hostname: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A ping with a value at every key path of every metric."""
    received_at = f"2026-{month}-{made.random.randint(1, 27):02}T06:00:00Z"
    payload = made.raw.payload(uuid, hostname, received_at, fields)
    for path, unit in PATHS.items():
        put(payload, path, made.random.randint(0, 90) if unit != "setting" else made.chance(0.5))
    return {"ping_id": f"p{number}-{month}", "received_at": received_at, "payload": payload}


def spoil_ping(made: Hostile, record: dict[str, Any]) -> None:
    """Some of its fields become odd."""
    payload = record.get("payload")
    if not isinstance(payload, dict):
        return
    for path in made.random.sample(list(PATHS), made.random.randint(0, 12)):
        # a ping that is spoilt again may have a number where an object was
        if isinstance(payload.get(path.split(".")[0], {}), dict) or "." not in path:
            put(payload, path, made.one_of(odd.NUMBERS))
    if made.chance(0.5):
        name = made.one_of(list(ENVELOPE))
        payload[name] = made.one_of(ENVELOPE[name])
    if made.chance(0.1):
        record["received_at"] = made.one_of(odd.TIMES)
    if made.chance(0.05):
        record["ping_id"] = made.one_of([None, "", " ", 7, True, 1.5, [], {}, "p1-05", " p1-05 ", *odd.TEXTS])
    if made.chance(0.05):
        payload[made.one_of(["counts", "counts_monthly", "redis_hll_counters"])] = made.one_of(odd.NUMBERS)
    if made.chance(0.03):
        record["payload"] = made.one_of([None, [], {}, "text", 5, json.dumps(payload), {"a": payload}, [payload]])
    if made.chance(0.05):
        record.pop(made.one_of(["ping_id", "received_at", "payload"]), None)


def repeats(made: Hostile, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same ids again: as they were, at another time, with another content."""
    again = []
    for record in made.random.sample(records, 6):
        copy = json.loads(json.dumps(record))
        if made.chance(0.4):
            copy["received_at"] = made.one_of(["2026-05-30T06:00:00Z", "2026-01-02T06:00:00Z", "2026-07-20T00:00:00Z"])
        if made.chance(0.4):
            spoil_ping(made, copy)
        again.append(copy)
    return again


def spoil_tables(made: Hostile) -> None:
    """Cells become odd, ids are missing or stand twice, rows lead nowhere."""
    keys = {
        "accounts": "account_id",
        "subscriptions": "subscription_id",
        "licenses": "license_id",
        "objectives": "objective_id",
    }
    for table, columns in COLUMN_VALUES.items():
        rows = made.raw.tables[table]
        for row in list(rows):
            if made.chance(0.4):
                name = made.one_of(list(columns))
                row[name] = made.one_of(columns[name])
            if made.chance(0.12):
                rows.append(dict(row) if made.chance(0.3) else {**row, **spoilt_cell(made, columns)})
            if table in keys and made.chance(0.06):
                key = row[keys[table]]
                row[keys[table]] = made.one_of(
                    ["", " ", f" {key} ", key.lower(), f"{key}\u00a0", "Ä'1", '"', odd.ADDRESS]
                )
        for _ in range(2):
            rows.append({name: made.one_of(values) for name, values in columns.items()})
        made.random.shuffle(rows)


def spoilt_cell(made: Hostile, columns: dict[str, list[str]]) -> dict[str, str]:
    """One odd cell."""
    name = made.one_of(list(columns))
    return {name: made.one_of(columns[name])}


def encoded(record: dict[str, Any], made: Hostile) -> bytes:
    """One line, as some writer of JSON writes it."""
    return json.dumps(record, ensure_ascii=made.chance(0.7)).encode("utf-8", "surrogatepass")


def id_of(record: dict[str, Any]) -> str | None:
    """The ping's id as text, as it would be written in a column."""
    found = record.get("ping_id")
    text = json.dumps(found) if isinstance(found, bool | list | dict) else "" if found is None else str(found)
    return text.strip() or None


def write_lines(made: Hostile, records: list[dict[str, Any]], name: str) -> None:
    """A file of lines, with damaged ones among them, blank ones, and either end of line."""
    end = made.one_of([b"\n", b"\n", b"\r\n"])
    content = [b"\xef\xbb\xbf"] if made.chance(0.2) else []
    number = 0
    for record in records:
        number += 1
        if made.chance(0.1):
            content.append(made.one_of([b"", b"  "]) + end)
            number += 1
        made.delivered.append(Delivered(name, number, id_of(record)))
        content.append(encoded(record, made) + end)
        if made.chance(0.15):
            number += 1
            damaged = made.one_of(DAMAGED_LINES)
            ids = re.findall(rb'"ping_id": "(\w+)"', damaged)
            made.delivered.append(Delivered(name, number, ids[0].decode() if ids else None))
            content.append(damaged + end)
    text = b"".join(content)
    made.files[name] = gzip.compress(text, mtime=0) if name.lower().endswith(".gz") else text


def write_document(made: Hostile, records: list[dict[str, Any]], name: str) -> None:
    """A file that is one JSON document: an array of pings, or one bare payload."""
    if name.startswith("manual/"):
        payload = records[0].get("payload", {})
        made.delivered.append(Delivered(name, None, None))
        text = json.dumps(payload, indent=2)
    else:
        made.delivered += [Delivered(name, None, id_of(record)) for record in records]
        text = json.dumps(records)
    content = made.one_of([b"", b"\xef\xbb\xbf"]) + text.encode()
    made.files[name] = gzip.compress(content, mtime=0) if name.endswith(".gz") else content


def write_pings(made: Hostile, records: list[dict[str, Any]]) -> None:
    """Spreads the pings over files of all kinds."""
    names = [
        "received_month=2026-05/pings.jsonl",
        "received_month=2026-06/pings.jsonl.gz",
        "more.ndjson",
        "x.ndjson.gz",
    ]
    names += made.random.sample(FILE_NAMES, 3)
    made.random.shuffle(records)
    size = len(records) // (len(names) + 1)
    for position, name in enumerate(names):
        write_lines(made, records[position * size : (position + 1) * size], name)
    rest = records[len(names) * size :]
    documents = ["array.of.pings.json", "z/array.json.gz", *(f"manual/saved-{number}.json" for number in range(4))]
    for position, name in enumerate(documents):
        if part := rest[position :: len(documents)]:
            write_document(made, part, name)
    for name in made.random.sample(list(STRAY_FILES), 7):
        made.files.setdefault(name, STRAY_FILES[name])


def write_links(made: Hostile, pings: Path) -> None:
    """Links to files and folders, there and not there, and a pipe."""
    targets = {
        "link.jsonl": "more.ndjson",
        "gone.jsonl": "nowhere",
        "round.jsonl": "round.jsonl",
        "up": "..",
        "z/again": "../z",
    }
    for name in made.random.sample(list(targets), 2):
        made.others.append(name)
        (pings / name).parent.mkdir(exist_ok=True)
        (pings / name).symlink_to(targets[name])
    if made.chance(0.5):
        made.others.append("pipe.jsonl")
        os.mkfifo(pings / "pipe.jsonl")


def csv_bytes(made: Hostile, table: str) -> bytes:
    """A table as some program exports it: any order of columns, a column more, a byte order mark, either end of line."""
    columns = COLUMNS[table].split()
    if made.chance(0.3):
        made.random.shuffle(columns)
    if made.chance(0.3):
        columns = [*columns, "notes"]
    rows = made.raw.tables[table]
    for name, values in OPTIONAL_VALUES.get(table, {}).items():
        if made.chance(0.5):
            columns = [*columns, name]
            rows = [{**row, name: made.one_of(values)} for row in rows]
    text = io.StringIO()
    quoting = made.one_of([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.DictWriter(text, columns, lineterminator=made.one_of(["\n", "\r\n"]), quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return made.one_of([b"", b"\xef\xbb\xbf"]) + text.getvalue().encode("utf-8", "surrogatepass")


def hostile_folder(seed: int, folder: Path, customers: int = CUSTOMERS) -> Hostile:
    """Makes the folder of this seed."""
    made = Hostile(seed)
    records = [record for number in range(1, customers + 1) for record in customer(made, number)]
    for record in records:
        if made.chance(0.7):
            spoil_ping(made, record)
    records += repeats(made, records)
    for record in made.random.sample(records, 3):
        made.raw.add("excluded_pings", ping_id=str(record.get("ping_id", "")), reason="test")
    spoil_tables(made)
    write_pings(made, records)
    for name, content in made.files.items():
        path = folder / "service_pings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_links(made, folder / "service_pings")
    for table in COLUMNS:
        (folder / f"{table}.csv").write_bytes(csv_bytes(made, table))
    return made
