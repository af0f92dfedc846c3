"""HTTP: reads requests, applies faults, writes replies. Loopback only."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from sandbox import replies
from sandbox.faults import FaultSchedule
from sandbox.replies import REASONS, Reply
from sandbox.request import Request
from sandbox.settings import Call, Fault

HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a TCP reset."""
_DRIPS = 10
_BOMB = 300_000_000
_PAGES = ("/", "/favicon.ico")
_KEPT_CALLS = 500_000


class Served(Protocol):
    """The API behind the server."""

    max_body: int
    takes_chunks: bool
    """Whether a body may come in chunks."""

    def read(self, *parts: Any) -> Request:
        """The request of what was read: method, path, query, headers, body and the caller's address."""

    def admit(self, request: Any) -> Reply | None:
        """The reply to a call that is not authorised or over a limit, or None."""

    def handle(self, request: Any) -> Reply:
        """The reply to an admitted call; never raises."""

    def as_asked(self, request: Any, reply: Reply) -> Reply:
        """The reply as this caller gets it."""

    def refused(self, status: int, why: str, text: str) -> Reply:
        """A refusal by the server itself, in the API's form."""

    def struck(self, fault: Fault, request: Any) -> Reply:
        """The reply of the faults that speak in the API's words: `status`, `result_false`, `echo`, `revoke_key` and
        `end_tokens`; the last two also do what they say."""


class SandboxServer(ThreadingHTTPServer):
    """The listening server; it also keeps the call log."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        api: Served,
        faults: FaultSchedule,
        clock: Callable[[], float],
        page: Callable[[str], str | None],
    ) -> None:
        super().__init__((HOST, port), Handler)
        self.api = api
        self.faults = faults
        self.clock = clock
        self.page = page
        self.calls: deque[Call] = deque(maxlen=_KEPT_CALLS)
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `close_all` ends it."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ended. One to be reset is closed without a FIN before."""
        self._connections.discard(request)
        if _is_reset(request):
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def close_all(self) -> None:
        """Stop listening and end every connection, waiting faults included."""
        self.closing.set()
        self.faults.clear()
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is normal; everything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: SandboxServer

    def do_POST(self) -> None:
        """Every method comes here."""
        started = time.perf_counter()
        body = self._body()
        if body is None:
            return
        parts = urlsplit("//host" + self.path if self.path.startswith("//") else self.path)
        path = self.path.partition("?")[0] if self.path.startswith("//") else parts.path
        if self.command == "GET" and (path in _PAGES or path.startswith("/objects/")):
            self._serve_page(path)
            return
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = self.server.api.read(self.command, path, query, self.headers, body, self.client_address[0])
        request.uri = len(self.path)
        self._serve(request, started)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the call log is `box.calls` and the page."""

    def _body(self) -> bytes | None:
        if self.server.api.takes_chunks and (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunks()
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._send(self.server.api.refused(411, "LENGTH", "Content-Length is needed"), True)
            return None
        if int(length) > self.server.api.max_body:
            self._send(self.server.api.refused(413, "TOO_LARGE", "The body is too large"), True)
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def _chunks(self) -> bytes | None:
        """A body that comes in chunks; None when it ends before its end, or is too large."""
        parts: list[bytes] = []
        size = 0
        while True:
            head = self.rfile.readline(100).partition(b";")[0].strip()
            try:
                length = int(head, 16)
            except ValueError:
                return None
            size += length
            if size > self.server.api.max_body:
                return None
            part = self.rfile.read(length)
            self.rfile.readline(100)
            if not length:
                return b"".join(parts)
            parts.append(part)

    def _serve_page(self, path: str) -> None:
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        page = self.server.page(path) if host in (HOST, "localhost") else None
        if page is None:
            self._send(replies.html_error(404, "Not Found"))
            return
        reply = Reply(200, page.encode(), replies.HTML)
        reply.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        self._send(reply)

    def _serve(self, request: Request, started: float) -> None:
        server = self.server
        call = Call(request.method, request.path, request.operation, request.object)
        call.started_at = server.clock()
        reply = server.api.admit(request)
        fault = None if reply else server.faults.pick(request)
        if reply is None and (fault is None or fault.commits):
            reply = self._handle(request)
        if reply is None:
            request.count_records()
        else:
            call.code, call.committed = reply.code, reply.committed
        call.records = request.records
        reply = server.api.as_asked(request, reply) if reply else None
        if fault is not None:
            call.fault = fault.kind
            reply = self._replaced(fault, reply, call, request)
        call.status = reply.status if reply else 0
        call.seconds = time.perf_counter() - started
        server.calls.append(call)
        self._deliver(reply, fault)
        if fault is not None and fault.kind == "late":
            self._take_effect(request, call, fault.seconds)
        call.ended = True

    def _take_effect(self, request: Request, call: Call, seconds: float) -> None:
        """Do what was asked, a while after the client was cut off."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.server.closing.wait(seconds)
        reply = self._handle(request)
        call.code, call.committed = reply.code, reply.committed

    def _replaced(self, fault: Fault, reply: Reply | None, call: Call, request: Request) -> Reply | None:
        """The reply of a struck call; None when it gets none."""
        match fault.kind:
            case "html":
                reply = replies.html_error(200, "Welcome")
            case "empty":
                reply = Reply(200, b"")
            case "bomb":
                reply = Reply(200, gzip.compress(bytes(_BOMB), 9), headers={"Content-Encoding": "gzip"})
            case "redirect":
                status = fault.status if 300 <= fault.status < 400 else 302
                reply = Reply(status, b"", headers={"Location": fault.location})
            case "status" | "result_false" | "echo" | "revoke_key" | "end_tokens":
                reply = self.server.api.struck(fault, request)
            case "reset" | "late":
                return None
            case "hang" if not fault.commits:
                return None
        if reply is not None:
            call.code = reply.code
        return reply

    def _deliver(self, reply: Reply | None, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if fault is not None and kind == "hang":
            self.server.faults.hold(fault.seconds)
        if reply is None:
            self._drop(reset=kind == "reset")
        elif fault is not None and kind == "slow":
            self._drip(reply, fault.seconds)
        elif kind == "truncated":
            reply.body = reply.body[: len(reply.body) // 2]
            self._send(reply)
        elif kind == "cut_off":
            self._write(_head(reply, len(reply.body)) + reply.body[: len(reply.body) // 2])
            self._drop(reset=False)
        else:
            self._send(reply)

    def _send(self, reply: Reply, close: bool = False) -> None:
        if close:
            reply.headers["Connection"] = "close"
            self.close_connection = True
        body = b"" if self.command == "HEAD" else reply.body
        self._write(_head(reply, len(reply.body)) + body)

    def _drip(self, reply: Reply, seconds: float) -> None:
        """Send the reply in small pieces, so that a client's read timeout never starts."""
        whole = _head(reply, len(reply.body)) + reply.body
        size = len(whole) // _DRIPS + 1
        for start in range(0, len(whole), size):
            if self.server.closing.wait(seconds / _DRIPS):
                break
            self._write(whole[start : start + size])

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def _drop(self, *, reset: bool) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close_connection = True

    def _handle(self, request: Request) -> Reply:
        try:
            return self.server.api.handle(request)
        except Exception as error:
            if self.server.closing.is_set():
                raise ConnectionAbortedError from error
            traceback.print_exc()
            return self.server.api.refused(500, "INTERNAL", f"{type(error).__name__} in sandbox")


def _head(reply: Reply, length: int) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}"]
    lines += [f"Content-Type: {reply.content_type}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _is_reset(connection: socket.socket) -> bool:
    size = len(_RESET)
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, size) == _RESET
