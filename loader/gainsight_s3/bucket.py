"""A bucket, over S3's API. Its client is large, so this is imported only where a bucket is set."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from loader.config import secret
from loader.errors import FatalError, MisuseError, RetriableError
from loader.gainsight_s3.place import PREFIX

_KEYS = (f"{PREFIX}_ACCESS_KEY_ID", f"{PREFIX}_SECRET_ACCESS_KEY")
_TRIES = 3
_NEVER_SENT = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError")


class Bucket:
    """A bucket: one put a file.

    Args:
        prefix: of the files' keys, with a slash at its end, or "".
        timeout: seconds of one try.
    """

    asks = True

    def __init__(self, name: str, prefix: str, timeout: float) -> None:
        self._name, self._prefix = name, prefix
        self._client = _client(timeout)

    def look(self, name: str) -> bool:
        """See `Place`. The list says it; a look at one key does not tell "not there" from "not allowed"."""
        with self._judged(f"looking for {name}"):
            found = self._client.list_objects_v2(Bucket=self._name, Prefix=f"{self._prefix}{name}", MaxKeys=5)
        return any(each["Key"] == f"{self._prefix}{name}" for each in found.get("Contents", ()))

    @contextmanager
    def room(self, name: str) -> Iterator[IO[bytes]]:
        """See `Place`."""
        with tempfile.TemporaryFile("w+b") as file:
            yield file

    def put(self, file: IO[bytes], name: str) -> None:
        """See `Place`."""
        with self._judged(f"putting {name}", writes=True):
            self._client.put_object(Bucket=self._name, Key=f"{self._prefix}{name}", Body=file, ContentType=_kind(name))

    @contextmanager
    def read(self, name: str) -> Iterator[IO[bytes] | None]:
        """See `Place`."""
        if not self.look(name):
            yield None
            return
        with tempfile.TemporaryFile("w+b") as file:
            with self._judged(f"reading {name}"):
                self._client.download_fileobj(self._name, f"{self._prefix}{name}", file)
            file.seek(0)
            yield file

    @contextmanager
    def _judged(self, what: str, *, writes: bool = False) -> Iterator[None]:
        """Errors of the client as ours: by code alone, for texts may hold anything."""
        where = f"the bucket {self._name}"
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError):
            raise FatalError(f"There are no credentials for {where}: set {_KEYS[0]} and {_KEYS[1]}") from None
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
            code = str(error.response.get("Error", {}).get("Code", ""))
            if 400 <= status < 500 and status not in (408, 429):
                raise FatalError(f"{where} refused {what}", status, where, code) from None
            raise RetriableError(f"{where} failed at {what}", status, where, code, ambiguous=writes) from None
        except BotoCoreError as error:
            message = f"{where} cannot be reached ({type(error).__name__}) at {what}"
            raise RetriableError(message, ambiguous=writes and type(error).__name__ not in _NEVER_SENT) from None


def _client(timeout: float) -> Any:
    key, password = secret(_KEYS[0]), secret(_KEYS[1])
    if (key is None) != (password is None):
        raise MisuseError(f"{_KEYS[0]} and {_KEYS[1]} (or with _FILE) belong together; one is not set.")
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        with suppress(MisuseError):
            secret(name)  # so that it is never printed either
    config = Config(
        connect_timeout=timeout, read_timeout=timeout, retries={"mode": "standard", "total_max_attempts": _TRIES}
    )
    try:
        client = boto3.client(
            "s3", aws_access_key_id=key and str(key), aws_secret_access_key=password and str(password), config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise MisuseError(f"The settings of AWS are wrong ({type(error).__name__}).") from None
    address = urlsplit(client.meta.endpoint_url)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise MisuseError("AWS_ENDPOINT_URL must start with https://: rows would travel in clear.")
    return client


def _kind(name: str) -> str:
    return "application/gzip" if name.endswith(".gz") else "text/csv; charset=utf-8"
