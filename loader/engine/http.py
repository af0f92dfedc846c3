"""The only place that makes HTTP requests."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.utils import get_environ_proxies
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from loader.config import ApiSettings
from loader.engine.limits import Meter
from loader.errors import FatalError, LoaderError, RetriableError, StoppedError

log = logging.getLogger("loader")
T = TypeVar("T")
BACKOFF_SECONDS, LONGEST_BACKOFF = 0.25, 15.0
REFUSED_SECONDS = 30.0
"""Patience with an address that never answered at all in this run."""
WINDOWS_IN_VAIN = 4
"""After so many answers in a row that there are too many calls it is not the window's limit."""
_LARGEST_REPLY = 100_000_000
"""Bytes, unpacked."""


@dataclass(frozen=True)
class Reply:
    """A reply that came whole.

    Attributes:
        path: of the request, without its query.
        retry_after: seconds, when the header was there and a number.
        headers: by name in any case.
    """

    status: int
    body: bytes
    path: str
    retry_after: float | None
    headers: Mapping[str, str] = field(default_factory=dict)


class Http:
    """Calls to one API, within its budget.

    Args:
        settings: address, timeout and patience.
        meter: the budget.
    """

    def __init__(self, settings: ApiSettings, meter: Meter) -> None:
        self.settings, self.meter = settings, meter
        self._session = requests.Session()
        self._session.trust_env = False  # no credentials from ~/.netrc
        self._adapter = _OneHost()
        self._way: dict[str, Any] = {
            "proxies": get_environ_proxies(settings.base_url),
            "verify": os.environ.get("REQUESTS_CA_BUNDLE") or True,
        }
        self._accepted_at = time.monotonic()
        self._ever_answered = self._failing = False
        self._throttled = 0
        self._kind: tuple[str, str, dict[str, str]] | None = None

    def request(self, method: str, path: str, headers: dict[str, str], **body: Any) -> Reply:
        """Make one call.

        Args:
            method: HTTP method.
            path: below the base address.
            headers: credentials included.
            body: `params`, `json`, `data` or `files`, as requests takes them.

        Raises:
            RetriableError: no whole reply came; `ambiguous` unless nothing can have been sent.
            FatalError: the reply is a redirect, which is not followed.
        """
        self.meter.take()
        timeout = self._timeout()
        try:
            request = self._prepare(method, path, headers, body)
            path = path.partition("?")[0]
            response = self._adapter.answer(request, timeout=timeout, **self._way)
            status, given = response.status, response.headers
            if "Set-Cookie" in given:
                extract_cookies_to_jar(self._session.cookies, request, response)  # type: ignore[no-untyped-call]
            content = _read(response, time.monotonic() + timeout)
        except (requests.RequestException, HTTPError) as error:
            cause = error.reason if isinstance(error, MaxRetryError) else error
            if isinstance(cause, SSLError):
                raise FatalError(f"its TLS certificate was not accepted: {str(cause)[:200]}", 0, path) from None
            raise RetriableError(_reason(cause), 0, path, ambiguous=not _never_sent(cause)) from None
        finally:
            self.meter.answered()
        self._ever_answered = True
        if 300 < status < 400:
            host = urlsplit(given.get("Location", "")).hostname or "another path"
            message = f"the address redirects to {host}, which is not followed with credentials"
            raise FatalError(message, status, path)
        return Reply(status, content, path, _seconds(given.get("Retry-After")), given)

    def _prepare(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]
    ) -> requests.PreparedRequest:
        """To prepare a request takes as long as to send it, so one that differs in its body alone is used again."""
        kind = (method, path, headers) if isinstance(body.get("data"), bytes) and not self._session.cookies else None
        if kind is None or kind != self._kind:
            request = requests.Request(method, self.settings.base_url + path, headers=headers, **body)
            self._kind, self._prepared = kind, self._session.prepare_request(request)
        else:
            self._prepared.prepare_body(body["data"], None)
        return self._prepared

    def _timeout(self) -> float:
        """Seconds for the next call: it must not outlast our patience."""
        if not self._failing:
            self._accepted_at = time.monotonic()
        return max(0.1, min(self.settings.timeout_seconds, self.give_up_at() - time.monotonic()))

    def accepted(self) -> None:
        """A call succeeded: patience starts anew with the next failure."""
        self._failing, self._throttled = False, 0

    def retrying(self, call: Callable[[], T], *, also_ambiguous: bool) -> T:
        """Make a call again until it succeeds, with growing, jittered pauses.

        Args:
            call: makes the call once.
            also_ambiguous: whether it is safe to repeat one that may have taken effect. Nobody promises that a call
                which was one too many did not; so that one is waited for, and left to the caller like the others.

        Raises:
            StoppedError: patience is over.
            RetriableError: an ambiguous failure that the caller has to resolve.
        """

        tries = 0
        while True:
            tries += 1
            try:
                return call()
            except RetriableError as error:
                if also_ambiguous or not error.ambiguous:
                    self.meter.pause(self._wait_after(error, _backoff(tries)))
                    continue
                if error.throttled or error.retry_after is not None:
                    self.meter.pause(self._wait_after(error, BACKOFF_SECONDS))
                raise

    def give_up_at(self) -> float:
        """When patience ends, on the monotonic clock."""
        return self._accepted_at + self.settings.give_up_seconds

    def _wait_after(self, error: RetriableError, wait: float) -> float:
        """Seconds to wait after a failure, `wait` or more.

        Raises:
            StoppedError: patience is over.
        """
        self._failing = True
        give_up = self.give_up_at()
        if error.throttled:
            wait = self._throttled_wait(error, wait)
        elif error.retry_after is not None:
            wait = max(wait, error.retry_after)
        elif not self._ever_answered and not error.ambiguous:
            give_up = self._accepted_at + min(REFUSED_SECONDS, self.settings.give_up_seconds)
        if time.monotonic() + wait > give_up:
            raise self.stopped(error) from None
        log.warning("waiting %.1f s: %s", wait, error)
        return wait

    def _throttled_wait(self, error: RetriableError, jitter: float) -> float:
        """Seconds to wait after too many calls.

        Raises:
            StoppedError: so many windows in a row took no call that it is not the window.
        """
        self._throttled += 1
        if self._throttled > WINDOWS_IN_VAIN:
            raise StoppedError(
                f"The destination at {self.settings.base_url} has answered {self._throttled} times in a row that there"
                " are too many calls, over several windows: its own limit of the day, which all integrations of the"
                f" tenant share, is used up. Of our share of {self.meter.per_day} calls a day {self.meter.today} are"
                f" used. What was sent is recorded; run this again later ({error})."
            ) from None
        # Windows are fixed, so the next one starts at a multiple; later attempts wait for a whole one.
        window = self.settings.window_seconds
        if self._throttled == 1:
            return max(window - time.time() % window if error.retry_after is None else error.retry_after, jitter / 20)
        return max(window, error.retry_after or 0.0) + jitter / 20

    def stopped(self, error: BaseException | None) -> LoaderError:
        """The end of patience, with the last reason."""
        seconds = time.monotonic() - self._accepted_at
        return StoppedError(
            f"The destination at {self.settings.base_url} took no call for {seconds:.0f} s;"
            f" the last answer was: {error}."
            " What was sent is recorded; run this again later."
        )


def _backoff(tries: int) -> float:
    """Seconds to wait after so many tries, growing and jittered."""
    return min(BACKOFF_SECONDS * (2.0 ** (tries - 1) + random.random()), LONGEST_BACKOFF)


class _OneHost(HTTPAdapter):
    """Calls to one host: where they go, how it proves itself and through which proxy is worked out once, and the reply
    is given as it came. To work it out for each call, and to wrap the reply, takes requests half of a call's processor
    time."""

    _pool: Any = None
    _url: str | None = None

    def answer(
        self, request: requests.PreparedRequest, timeout: float, verify: bool | str, proxies: dict[str, str]
    ) -> BaseHTTPResponse:
        """Send a request; the reply's body is still to be read.

        Raises:
            HTTPError: no reply came; a `MaxRetryError` has the reason.
        """
        if self._pool is None:
            pool = self.get_connection_with_tls_context(request, verify, proxies=proxies)
            self.cert_verify(pool, request.url, verify, None)  # type: ignore[no-untyped-call]
            self._pool = pool
        if request.url != self._url:
            self._url, self._target = request.url, self.request_url(request, proxies)
        reply: BaseHTTPResponse = self._pool.urlopen(
            request.method,
            self._target,
            body=request.body,
            headers=dict(request.headers),
            retries=self.max_retries,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(connect=timeout, read=timeout),
            preload_content=False,
            decode_content=False,
        )
        return reply


class TooLargeError(requests.RequestException):
    """A reply that is too large to be one."""


def _read(response: BaseHTTPResponse, deadline: float) -> bytes:
    """The body, unless it drips past the deadline: requests only limits the time between two bytes."""
    content = bytearray()
    try:
        while chunk := response.read1(1 << 16, decode_content=True):
            content += chunk
            if len(content) > _LARGEST_REPLY:
                raise TooLargeError
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout
    finally:
        response.close()
        response.release_conn()
    return bytes(content)


def _never_sent(error: Exception | None) -> bool:
    return isinstance(error, NewConnectionError | ConnectTimeoutError | ProxyError)


def _reason(error: Exception | None) -> str:
    if _never_sent(error):
        return "no connection"
    if isinstance(error, TooLargeError):
        return f"the reply is larger than {_LARGEST_REPLY // 1_000_000} MB"
    if isinstance(error, requests.exceptions.Timeout | ReadTimeoutError):
        return "no reply in time"
    return "the connection broke before a whole reply came"


def _seconds(header: str | None) -> float | None:
    """What Retry-After says, as a number or a date; None when it says nothing that can be meant."""
    try:
        seconds = float(header or "")
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header or "") - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(seconds, 3600.0) if seconds >= 0 else None
