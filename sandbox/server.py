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
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox import replies
from sandbox.api import Api, Request
from sandbox.auth import ended_token
from sandbox.faults import FaultSchedule
from sandbox.replies import Reply
from sandbox.settings import Call, Fault, Switches

HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a TCP reset."""
_MAX_BODY = 96_000_000
_DRIPS = 10
_BOMB = 300_000_000
_PAGES = ("/", "/favicon.ico")
_KEPT_CALLS = 500_000
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden"}
_REASONS |= {404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
_REASONS |= {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class SandboxServer(ThreadingHTTPServer):
    """The listening server; it also keeps the call log."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        api: Api,
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
        request = Request(
            self.command,
            path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            self.headers,  # type: ignore[arg-type]
            body,
            self.client_address[0],
        )
        self._serve(request, started)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the call log is `box.calls` and the page."""

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._send(replies.failure(411, "GSOBJ_EMU_LENGTH", "Content-Length is needed"), True)
            return None
        if int(length) > _MAX_BODY:
            self._send(replies.failure(413, "GSOBJ_EMU_TOO_LARGE", "The body is too large"), True)
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

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
        request.route()
        server = self.server
        call = Call(request.method, request.path, request.operation, request.object)
        call.started_at = server.clock()
        reply = server.api.admit(request)
        fault = None if reply else server.faults.pick(request.operation, request.object)
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
            reply = self._replaced(fault, reply, call)
        call.status = reply.status if reply else 0
        call.seconds = time.perf_counter() - started
        server.calls.append(call)
        self._deliver(reply, fault)

    def _replaced(self, fault: Fault, reply: Reply | None, call: Call) -> Reply | None:
        """The reply of a struck call; None when it gets none."""
        switches = self.server.api.switches
        match fault.kind:
            case "status":
                reply = _status_reply(fault, switches)
            case "html":
                reply = replies.html_error(200, "Welcome")
            case "result_false":
                code = fault.code or "GSOBJ_EMU_FAULT"
                reply = replies.failure(200, code, "Something went wrong")
            case "empty":
                reply = Reply(200, b"")
            case "echo":
                given = self.headers.get("Accesskey") or self.headers.get("Authorization") or ""
                reply = replies.failure(400, fault.code or "GSOBJ_EMU_FAULT", f"Bad request (accesskey = {given})")
            case "bomb":
                reply = Reply(200, gzip.compress(bytes(_BOMB), 9), headers={"Content-Encoding": "gzip"})
            case "redirect":
                status = fault.status if 300 <= fault.status < 400 else 302
                reply = Reply(status, b"", headers={"Location": fault.location})
            case "revoke_key":
                self.server.api.credentials.revoked = True
                reply = replies.unauthorized(switches.unauthorized_status)
            case "end_tokens":
                self.server.api.credentials.expire_tokens()
                reply = ended_token(switches)
            case "reset":
                return None
            case "hang" if not fault.commits:
                return None
        if reply is not None:
            call.code = reply.code
        return reply

    def _deliver(self, reply: Reply | None, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if fault is not None and kind == "hang":
            self.server.closing.wait(fault.seconds)
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
            return replies.failure(500, "GSOBJ_EMU_INTERNAL", f"{type(error).__name__} in sandbox")


def _status_reply(fault: Fault, switches: Switches) -> Reply:
    """What `Fault(kind="status")` answers."""
    status, body = fault.status, fault.body
    if body is None:
        body = switches.error_body if status == 429 or status >= 500 else "json"
    if isinstance(body, dict):
        reply = replies.json_reply(body, status, body.get("errorCode"))
    elif body == "html":
        reply = replies.html_error(status, _REASONS.get(status, "Error"))
    elif status in (401, 403) and fault.code is None:
        reply = replies.unauthorized(status)
    elif status == 429:
        reply = replies.failure(status, fault.code or "GU_2400", "Too many request")
    else:
        reply = replies.failure(status, fault.code or "GSOBJ_EMU_FAULT", "Unexpected error")
    if fault.retry_after is not None:
        reply.headers["Retry-After"] = str(fault.retry_after)
    elif switches.retry_after and status in (429, 503):
        reply.headers["Retry-After"] = "1"
    return reply


def _head(reply: Reply, length: int) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
    lines += [f"Content-Type: {reply.content_type}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _is_reset(connection: socket.socket) -> bool:
    size = len(_RESET)
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, size) == _RESET
