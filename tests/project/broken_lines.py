"""Lines and files that cannot be read as pings, among good ones; with the row that each must become."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from raw_folder import RawFolder

NO_PAYLOAD = "payload is missing, empty or not an object"
LINES = "received_month=2026-06/damaged.jsonl"
GOOD = (
    '{"ping_id": "among-broken-%d", "received_at": "2026-06-20T06:00:00Z", "payload": {"uuid": "u%d", "hostname": "h"}}'
)
OTHER = "not a file of pings by its name"
# a line of the file, and the reason it is quarantined for; None for a good one
CONTENT: list[tuple[bytes, str | None]] = [
    ((GOOD % (1, 1)).encode(), None),
    (b"this is not JSON", "not JSON"),
    (b'{"ping_id": "cut", "received_at": "2026-06-20T06:00:00Z", "payload": {"uuid": "u', "not JSON"),
    (b"", None),
    (b"[1, 2]", "not a JSON object"),
    (b'"text"', "not a JSON object"),
    (b'{"received_at": "2026-06-20T06:00:00Z", "payload": {"uuid": "u"}}', "no ping_id"),
    (b'{"ping_id": " ", "received_at": "2026-06-20T06:00:00Z", "payload": {"uuid": "u"}}', "no ping_id"),
    (
        b'{"ping_id": "undated", "received_at": "yesterday", "payload": {"uuid": "u"}}',
        "received_at is missing or not a timestamp",
    ),
    (b'{"ping_id": "timeless", "payload": {"uuid": "u"}}', "received_at is missing or not a timestamp"),
    (b'{"ping_id": "latin", "received_at": "2026-06-20T06:00:00Z", "payload": {"uuid": "\xe9"}}', "not text in UTF-8"),
    (
        b'{"ping_id": "empty", "received_at": "2026-06-20T06:00:00Z", "payload": {}}',
        NO_PAYLOAD,
    ),
    (
        b'{"ping_id": "words", "received_at": "2026-06-20T06:00:00Z", "payload": "x"}',
        NO_PAYLOAD,
    ),
    ((GOOD % (2, 2)).encode(), None),
]
WHOLE = "damaged, cut off or not compressed"
LONG_LINE = GOOD.replace('"h"', '"%s"') % (9, 9, "h" * 2**24)
# file, content, and (line, reason) of each row that it must become
FILES: dict[str, tuple[bytes, list[tuple[int | None, str]]]] = {
    "manual/broken.json": (b'{"uuid": "u", "recorded_at": ', [(1, "not JSON")]),
    "manual/nothing.json": (b"", [(1, "not JSON")]),
    "manual/utf16.json": ('{"uuid": "u16", "hostname": "h"}'.encode("utf-16"), [(1, "not text in UTF-8")]),
    "manual/latin.json": (b'{"uuid": "\xe9", "hostname": "h"}', [(1, "not text in UTF-8")]),
    "cut.jsonl.gz": (gzip.compress(os.urandom(5000))[:-2000], [(None, WHOLE)]),
    "empty.jsonl.gz": (b"", [(None, WHOLE)]),
    "cut.json.gz": (gzip.compress(b'{"uuid": "u"}')[:-6], [(None, WHOLE)]),
    "plain.ndjson.gz": (b"not compressed", [(None, WHOLE)]),
    "long.jsonl": (f"{GOOD % (4, 4)}\n{LONG_LINE}\nno\n".encode(), [(2, "longer than 16777216 bytes"), (3, "not JSON")]),
    "utf16.jsonl": ((GOOD % (8, 8)).encode("utf-16"), [(1, "not text in UTF-8")]),
    "list.json": (f'[{GOOD % (5, 5)}, {{"ping_id": "x", "payload": 1}}, 7]'.encode(), [
        (2, "received_at is missing or not a timestamp"), (3, "not a JSON object")]),
    "packed.jsonl.bz2": (b"BZh9", [(None, OTHER)]),
    "README.md": (b"# What is here", [(None, OTHER)]),
}  # fmt: skip
PACKED = "received_month=2026-06/damaged.jsonl.gz"


def break_lines(folder: Path) -> None:
    """Adds the damaged files to a raw folder on disk."""
    pings = folder / "service_pings"
    content = b"\n".join(line for line, _ in CONTENT) + b"\n"
    (pings / LINES).write_bytes(content)
    (pings / PACKED).write_bytes(gzip.compress(b"damaged\n\n" + (GOOD % (3, 3)).encode() + b"\nagain\n"))
    for name, (text, _) in FILES.items():
        (pings / name).parent.mkdir(exist_ok=True)
        (pings / name).write_bytes(text)


def expected_rows() -> set[tuple[str, int | None, str]]:
    """File, line and reason of every damaged line."""
    rows = {(LINES, number, reason) for number, (_, reason) in enumerate(CONTENT, 1) if reason}
    rows |= {(PACKED, 1, "not JSON"), (PACKED, 4, "not JSON")}
    return rows | {(name, line, reason) for name, (_, found) in FILES.items() for line, reason in found}


def without_uuid(raw: RawFolder) -> None:
    """Pings that are JSON and name no installation."""
    for ping_id, uuid in (("uuid-null", None), ("uuid-empty", ""), ("uuid-blank", "  ")):
        raw.ping(uuid, "nameless.example", "2026-06-20T06:00:00Z", ping_id=ping_id, activated=5)
    version = {"version": "VERSION"}
    raw.ping("uuid-unbuilt", "unbuilt.example", "2026-06-20T06:00:00Z", version, ping_id="unbuilt")
