"""A light Gainsight in a process of its own, for measurements of clients: it counts and keeps, and checks nothing.

The sandbox checks every value and stores rows in SQLite, at a few hundred calls a second; that would hide what a client
costs. This one answers an insert of 50 rows in a tenth of a millisecond or so, and parses the bodies only when asked
for the rows. It speaks just enough for a first publish and for updates: describe, the look-up of companies, a query
before the first insert, insert, update. Anything else is refused.

`python -m benchmarks.server MANIFEST` prints its address and serves until its stdin ends.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.provision import provision
from sandbox.schema import describe
from sandbox.store import Store

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RECORD = re.compile(rb'"Instance_Id__gc" ?:')


def company_id(account_id: str) -> str:
    """The id of the Company of an account."""
    return "1P02" + hashlib.md5(account_id.encode(), usedforsecurity=False).hexdigest().upper()[:32]


def canonical(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as text, sorted; a null and an absent value are the same."""
    kept = ({name: value for name, value in row.items() if value is not None} for row in rows)
    return sorted(json.dumps(row, sort_keys=True) for row in kept)


class Light:
    """The server's memory: what arrived since the last reset.

    Args:
        described: by object name, what describe says of it.
    """

    def __init__(self, described: dict[str, Any]) -> None:
        self.described = described
        self.reset()

    def reset(self) -> None:
        """Forget rows and calls."""
        self.calls: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.count = 0
        self._lock = threading.Lock()

    def reply(self, method: str, path: str, body: bytes) -> Any:
        """The JSON to answer."""
        operation = self._operation(method, path)
        if operation.startswith("bench"):
            return self._bench(operation, body)
        with self._lock:
            self.calls[operation] += 1
        data = getattr(self, f"_{operation}")(path, body)
        return {"result": data is not None, "errorCode": None if data is not None else "LIGHT", "data": data}

    @staticmethod
    def _operation(method: str, path: str) -> str:
        if path.startswith("/bench/"):
            return path[1:]
        if method == "POST" and path.endswith("/describe"):
            return "describe"
        if method == "POST" and "/objects/query/" in path:
            return "query"
        return {"POST": "insert", "PUT": "update"}.get(method, "unknown")

    def _bench(self, operation: str, body: bytes) -> Any:
        if operation == "bench/reset":
            self.reset()
            return {}
        counts = {"calls": dict(self.calls), "rows": self.count}
        if operation == "bench/counts":
            return counts
        rows = [row for body in self.bodies for row in json.loads(body)["records"]]
        if operation == "bench/rows":
            return rows
        digest = hashlib.sha256("\n".join(canonical(rows)).encode()).hexdigest()
        return {**counts, "rows": len(rows), "digest": digest}

    def _describe(self, path: str, body: bytes) -> Any:
        return [self.described[name] for name in json.loads(body)["objectNames"]]

    def _query(self, path: str, body: bytes) -> Any:
        """Companies by account id; of other objects those of the first insert: the loader asks once a run whose ids it
        gave."""
        asked = json.loads(body)
        conditions = asked.get("where", {}).get("conditions", [])
        wanted = {each["name"]: set(each["value"]) for each in conditions if each["operator"] == "IN"}
        if path.endswith("/Company"):
            accounts = [] if asked.get("offset") else sorted(wanted["SfdcAccountId"])
            return [{"Gsid": company_id(each), "SfdcAccountId": each} for each in accounts]
        made = json.loads(self.bodies[0])["records"] if self.bodies else []
        rows = [{"Gsid": f"1I02{n:032d}", **row} for n, row in enumerate(made)]
        return [row for row in rows if all(row[name] in values for name, values in wanted.items())]

    def _insert(self, path: str, body: bytes) -> Any:
        made = len(_RECORD.findall(body))
        with self._lock:
            first, self.count = self.count, self.count + made
            self.bodies.append(body)
        return {"count": made, "errors": None, "records": [{"Gsid": f"1I02{first + n:032d}"} for n in range(made)]}

    def _update(self, path: str, body: bytes) -> Any:
        return {"count": body.count(b'"Gsid"'), "errors": None}

    def _unknown(self, path: str, body: bytes) -> Any:
        return None


def serve(light: Light, connection: socket.socket) -> None:
    """Answer one connection's calls until it ends."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb", 1 << 18) as stream:
        while line := stream.readline():
            method, path, _ = line.decode().split(" ", 2)
            head = b"\r\n"
            while (more := stream.readline()) not in (b"\r\n", b""):
                head += more
            length = _LENGTH.search(head)
            body = stream.read(int(length[1])) if length else b""
            text = json.dumps(light.reply(method, path, body)).encode()
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text) + text
            )


def described(manifest: Path) -> dict[str, Any]:
    """What the sandbox says of the objects that a manifest's models publish to."""
    names = [
        node["config"]["meta"]["publish"]["object"]
        for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "objects.sqlite", time.time)
        provision(store, manifest)
        found = {name: describe(obj, options=True) for name in names if (obj := store.get(name))}
        store.close()
    return found


def main(manifest: Path) -> None:
    """Serve until stdin ends."""
    light = Light(described(manifest))
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def accept() -> None:
        while True:
            threading.Thread(target=serve, args=(light, listener.accept()[0]), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
