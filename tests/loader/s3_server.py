"""S3 over HTTP for tests: moto's application behind a real server, which can hold a call back or refuse it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

PASSWORD = "planted-s3-secret-9b1e"
BUCKET, PREFIX = "gsext-tenant", "tenant/Input"
_PATIENCE = 60.0
_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>not you</Message></Error>"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None: ...


class S3:
    """One server with one bucket.

    Attributes:
        hold: "", or "before" or "after" a put takes effect: then the call is not answered before `released`.
        refuse: methods that are answered with 403.
        calls: method and path of each.
    """

    def __init__(self) -> None:
        self.hold, self.refuse = "", set[str]()
        self.held, self.released = threading.Event(), threading.Event()
        self.calls: list[tuple[str, str]] = []
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> S3:
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket=BUCKET)
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        self.calls.append((method, environ["PATH_INFO"]))
        if method in self.refuse:
            start("403 FORBIDDEN", [("Content-Type", "application/xml"), ("Content-Length", str(len(_DENIED)))])
            return [_DENIED]
        wait = self.hold if method == "PUT" else ""
        if wait == "before":
            self._wait()
        answer = self._app(environ, start)
        if wait == "after":
            self._wait()
        return answer

    def _wait(self) -> None:
        self.held.set()
        self.released.wait(_PATIENCE)

    def hold_next(self, when: str) -> None:
        """Hold the next put."""
        self.hold = when
        self.held.clear()
        self.released.clear()

    @property
    def env(self) -> dict[str, str]:
        """Settings of the loader for this bucket."""
        return {
            "GAINSIGHT_S3_BUCKET": BUCKET,
            "GAINSIGHT_S3_PREFIX": PREFIX,
            "GAINSIGHT_S3_ACCESS_KEY_ID": "planted-key-id",
            "GAINSIGHT_S3_SECRET_ACCESS_KEY": PASSWORD,
            "GAINSIGHT_S3_TIMEOUT_SECONDS": "30",
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def files(self) -> dict[str, bytes]:
        """What stands under the prefix, by name."""
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        keys = [each["Key"] for each in found]
        assert all(key.startswith(f"{PREFIX}/") for key in keys), keys
        return {
            key.removeprefix(f"{PREFIX}/"): self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            for key in keys
        }

    def take(self) -> dict[str, bytes]:
        """What Gainsight does: read the files, and archive them."""
        files = self.files()
        for name in files:
            self.client.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")
        return files
