"""Calls to one API with credentials: authorised, judged, repeated, and told from what stands in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from loader.config import KNOWN_SECRETS
from loader.engine.http import Http, Reply
from loader.engine.replies import NotTheApi, code_in, json_of
from loader.errors import FatalError, ReplyError, RetriableError, RowRejected, StoppedError

VAGUE_TRIES = 3
STRANGE = 5
"""So many answers in a row that are not the API's are no moment's fault."""


class Credentials(Protocol):
    """What authorises a call."""

    def headers(self, http: Http) -> dict[str, str]:
        """The headers that do; a token is fetched when there is none or it ends soon."""

    def renew(self) -> bool:
        """Forget a token; whether there was one, so that another try makes sense."""


def fetch_token(http: Http, path: str, headers: dict[str, str], form: dict[str, str], refused: str) -> dict[str, Any]:
    """Ask for a token until one comes.

    Args:
        path: of the token's endpoint.
        headers, form: of the request.
        refused: what it means when none is given.

    Raises:
        FatalError: none is given.
    """

    def once() -> dict[str, Any]:
        reply = http.request("POST", path, headers, data=form)
        loaded = json_of(reply)
        if reply.status < 300 and loaded.get("access_token"):
            KNOWN_SECRETS.add(str(loaded["access_token"]))
            return loaded
        if reply.status == 429 or reply.status >= 500 or reply.status < 300:
            throttled, after = reply.status == 429, reply.retry_after
            raise RetriableError("no token came", reply.status, path, retry_after=after, throttled=throttled)
        raise FatalError(refused, reply.status, path, code_in(loaded.get("error")))

    return http.retrying(once, also_ambiguous=True)


class Api:
    """One API.

    Args:
        judge: what a reply means; it raises what `loader.errors` has.
        ended: codes of a token that is not accepted any more; any 401 is one.
        accept: headers of every call.
    """

    def __init__(
        self,
        http: Http,
        credentials: Credentials,
        judge: Callable[[Reply], Any],
        ended: tuple[str, ...],
        accept: dict[str, str],
    ) -> None:
        self.http = http
        self._credentials, self._judge, self._ended, self._accept = credentials, judge, ended, accept
        self._strange = 0
        self._wrote = False

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        reads: bool = False,
        repeat: bool = True,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Make a call until it succeeds or patience ends.

        Args:
            method, path, body: of the call.
            reads: whether it changes nothing.
            repeat: whether it may be repeated when nobody knows whether it took effect.
            headers: of this call.

        Raises:
            RowRejected: it was understood and refused.
            RetriableError: nobody knows whether it took effect, and it must not be repeated.
        """

        def once() -> Any:
            try:
                return self.once(method, path, headers or {"Content-Type": "application/json"}, data=body)
            except RowRejected as error:
                if not (reads and error.later):
                    raise
                raise RetriableError(error.message, error.status, path, error.code, ambiguous=False) from None

        self._wrote = self._wrote or not reads
        try:
            data = self.http.retrying(lambda: self.renewing(once), also_ambiguous=repeat)
        except RowRejected:
            self.http.accepted()
            raise
        self.http.accepted()
        return data

    def read(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        """A call that changes nothing; a refusal that names no reason known to us is tried again."""
        for tries in range(1, VAGUE_TRIES + 1):
            try:
                return self.call(method, path, body, reads=True, headers=headers)
            except RowRejected as error:
                if not error.vague:
                    raise
                refusal = error
            if tries < VAGUE_TRIES:
                self.http.meter.pause(0.25 * tries)
        raise FatalError(refusal.message, refusal.status, path, refusal.code, refusal.request_id)

    def once(self, method: str, path: str, headers: dict[str, str], **body: Any) -> Any:
        """Make a call once, as it is."""
        return self._judged(
            self.http.request(method, path, {**headers, **self._accept, **self._credentials.headers(self.http)}, **body)
        )

    def renewing(self, once: Callable[[], Any]) -> Any:
        """Make a call, and once more with a new token when the one we had has ended."""
        try:
            return once()
        except FatalError as error:
            if not (error.status == 401 or error.code in self._ended) or not self._credentials.renew():
                raise
        return once()

    def writes(self) -> None:
        """From now on something may have been sent."""
        self._wrote = True

    def _judged(self, reply: Reply) -> Any:
        """What a reply means.

        Raises:
            FatalError: it is not the API that answers, and that several times in a row.
            StoppedError: so, after something was sent.
        """
        try:
            data = self._judge(reply)
        except NotTheApi as error:
            self._strange += 1
            if self._strange < STRANGE:
                raise
            settings = self.http.settings
            message = (
                f"not the API answers at {settings.base_url}: {error.message}, {self._strange} times in a"
                f" row; check {settings.prefix}_BASE_URL, or what stands in between"
            )
            if self._wrote:
                raise StoppedError(f"{message[0].upper()}{message[1:]}. What was sent is recorded.") from None
            raise FatalError(message, error.status, error.url) from None
        except ReplyError:
            self._strange = 0
            raise
        self._strange = 0
        return data
