"""The few names of starlette that `fakesnow.server` imports, over the standard library's HTTP server.

The lock file has fakesnow without its `server` extra (starlette, uvicorn). Its request handlers are used as
they are; only
what carries a request to them is ours. With the extra installed this module can go.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Request:
    """One request, with starlette's names."""

    def __init__(self, target: str, headers: Any, body: bytes, path_params: dict[str, str]) -> None:
        self.url = urlsplit(f"http://{headers.get('Host', '127.0.0.1')}{target}")
        self.query_params = dict(parse_qsl(self.url.query))
        self.headers, self.path_params, self._body = headers, path_params, body

    async def body(self) -> bytes:
        """The request's body."""
        return self._body


class Response:
    """A reply; empty by default."""

    media_type = "text/plain"

    def __init__(self, content: Any = b"", status_code: int = 200) -> None:
        self.status_code, self.body = status_code, self.render(content)

    def render(self, content: Any) -> bytes:
        """The body's bytes."""
        return bytes(content)


class JSONResponse(Response):
    """A reply in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body's bytes."""
        return json.dumps(content).encode()


@dataclass
class Route:
    """A path with its handler; `{name}` and `{name:path}` stand for a part of it."""

    path: str
    endpoint: Callable[[Request], Any]
    methods: Sequence[str] = ("GET",)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters, or None when this is another route."""
        pattern = re.sub(r"\{(\w+)(:path)?\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", self.path)
        found = re.fullmatch(pattern, path) if method in self.methods else None
        return found.groupdict() if found else None


@dataclass
class Starlette:
    """The application: its routes."""

    debug: bool = False
    routes: Sequence[Route] = ()


async def run_in_threadpool(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call it here: every request has its own thread."""
    return function(*args, **kwargs)


def install() -> None:
    """Make `import starlette...` find the names above."""
    here = sys.modules[__name__]
    for name in ("", ".applications", ".concurrency", ".requests", ".responses", ".routing"):
        module = ModuleType(f"starlette{name}")
        for each in ("Starlette", "run_in_threadpool", "Request", "JSONResponse", "Response", "Route"):
            setattr(module, each, getattr(here, each))
        sys.modules[f"starlette{name}"] = module


def make_server(routes: Sequence[Route], port: int) -> ThreadingHTTPServer:
    """A server of these routes on loopback; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            for route in routes:
                params = route.match(self.command, path)
                if params is not None:
                    reply = route.endpoint(Request(self.path, self.headers, body, params))
                    self._send(asyncio.run(reply) if inspect.iscoroutine(reply) else reply)
                    return
            self._send(Response(b"", 404))

        def _send(self, reply: Response) -> None:
            self.send_response(reply.status_code)
            self.send_header("Content-Type", reply.media_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """No log of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server
