"""Calls to one host: what is worked out once holds for every call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loader.config import api_settings
from loader.engine.http import Http
from loader.engine.limits import Meter, Window


class Listener(ThreadingHTTPServer):
    """Notes the target and the cookie of every call, and sets a cookie."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Listener

    def do_POST(self) -> None:
        """Every call."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.path, self.headers.get("Cookie")))
        self.send_response(200)
        self.send_header("Set-Cookie", "node=7")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on loopback."""
    with Listener() as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True).start()
        yield made
        made.shutdown()


def caller(patch: pytest.MonkeyPatch, url: str) -> Http:
    patch.setenv("GAINSIGHT_BASE_URL", url)
    return Http(api_settings("GAINSIGHT", 100, 1000), Meter([Window(1000, 1.0)], 1000))


def test_each_call_goes_where_it_says_and_with_the_cookies_that_were_set(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = caller(monkeypatch, f"http://127.0.0.1:{listener.server_port}")
    for path in ("/a", "/b?x=1", "/b?x=2", "/a"):
        assert http.request("POST", path, {}, data=b"[]").body == b"{}"
    assert listener.seen == [("/a", None), ("/b?x=1", "node=7"), ("/b?x=2", "node=7"), ("/a", "node=7")]


def test_a_proxy_of_the_environment_is_used_for_every_call(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listener.server_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    http = caller(monkeypatch, "http://localhost:9")
    for path in ("/a", "/b"):
        assert http.request("GET", path, {}).status == 200
    assert [path for path, _ in listener.seen] == ["http://localhost:9/a", "http://localhost:9/b"]
