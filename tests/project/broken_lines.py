"""Lines and files that cannot be read as pings, among good ones; with the row that each must become."""

from __future__ import annotations

import gzip
from pathlib import Path

from raw_folder import RawFolder

NO_PAYLOAD = "payload is missing, empty or not an object"
LINES = "received_month=2026-06/damaged.jsonl"
GOOD = (
    '{"ping_id": "among-broken-%d", "received_at": "2026-06-20T06:00:00Z", "payload": {"uuid": "u%d", "hostname": "h"}}'
)
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
MANUAL = {
    "manual/broken.json": (b'{"uuid": "u", "recorded_at": ', "not JSON"),
    "manual/undated.json": (b'{"uuid": "u", "hostname": "h"}', "received_at is missing or not a timestamp"),
}
PACKED = "received_month=2026-06/damaged.jsonl.gz"


def break_lines(folder: Path) -> None:
    """Adds the damaged files to a raw folder on disk."""
    pings = folder / "service_pings"
    content = b"\n".join(line for line, _ in CONTENT) + b"\n"
    (pings / LINES).write_bytes(content)
    (pings / PACKED).write_bytes(gzip.compress(b"damaged\n\n" + (GOOD % (3, 3)).encode() + b"\nagain\n"))
    for name, (text, _) in MANUAL.items():
        (pings / name).parent.mkdir(exist_ok=True)
        (pings / name).write_bytes(text)


def expected_rows() -> set[tuple[str, int, str]]:
    """File, line and reason of every damaged line."""
    rows = {(LINES, number, reason) for number, (_, reason) in enumerate(CONTENT, 1) if reason}
    rows |= {(PACKED, 1, "not JSON"), (PACKED, 4, "not JSON")}
    return rows | {(name, 1, reason) for name, (_, reason) in MANUAL.items()}


def without_uuid(raw: RawFolder) -> None:
    """Pings that are JSON and name no installation."""
    for ping_id, uuid in (("uuid-null", None), ("uuid-empty", ""), ("uuid-blank", "  ")):
        raw.ping(uuid, "nameless.example", "2026-06-20T06:00:00Z", ping_id=ping_id, activated=5)
    version = {"version": "VERSION"}
    raw.ping("uuid-unbuilt", "unbuilt.example", "2026-06-20T06:00:00Z", version, ping_id="unbuilt")
