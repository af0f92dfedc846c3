"""Tokens of one custom service, by client credentials."""

from __future__ import annotations

import hmac
import threading
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from sandbox.marketo.replies import failure
from sandbox.marketo.settings import Switches
from sandbox.replies import Reply, json_reply
from sandbox.request import Request

HOUR = 3_600


class Credentials:
    """What the instance accepts. Tokens live in memory: a restart ends them.

    Args:
        client_id, client_secret: the custom service's.
        user: the API-only user that owns it.
    """

    def __init__(
        self, client_id: str, client_secret: str, user: str, token_lifetime: float, clock: Callable[[], float]
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.user = user
        self.token_lifetime = token_lifetime
        self.revoked = False
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._current = ""
        self._lock = threading.Lock()

    def issue(self, request: Request, switches: Switches) -> Reply:
        """The reply to a token request."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        given = {**form, **request.query}
        if given.get("grant_type") != "client_credentials":
            text = f"Unsupported grant type: {given.get('grant_type')}"
            return _refused("unsupported_grant_type", text, 400)
        if self.revoked or not _same(given.get("client_id", ""), self.client_id):
            return _refused("unauthorized", "No client with requested id")
        if not _same(given.get("client_secret", ""), self.client_secret):
            return _refused("invalid_client", "Bad client credentials")
        if switches.stale_identity > 0:
            switches.stale_identity -= 1
            return self._told(self._ended(), 0)
        return self._told(*self._token())

    def refuse(self, headers: Mapping[str, str], query: Mapping[str, str], switches: Switches) -> Reply | None:
        """The reply to a caller who may not call, or None."""
        scheme, _, token = (headers.get("Authorization") or "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        if not token and switches.token_in_query:
            token = query.get("access_token", "")
        if not token:
            return failure("600")
        if self.revoked or token not in self._tokens:
            return failure("601")
        return failure("602") if self._tokens[token] <= self._clock() else None

    def age_tokens(self, seconds: float) -> None:
        """Let the tokens issued so far be so much nearer to their end."""
        with self._lock:
            self._tokens = {token: end - seconds for token, end in self._tokens.items()}

    def expire_tokens(self) -> None:
        """End every token issued so far: 602."""
        with self._lock:
            self._tokens = dict.fromkeys(self._tokens, 0.0)

    def forget_tokens(self) -> None:
        """Let every token issued so far never have been: 601."""
        with self._lock:
            self._tokens.clear()

    def _token(self) -> tuple[str, int]:
        """The service's token, which is the same until it ends, and the whole seconds that it has left."""
        with self._lock:
            now = self._clock()
            if self._tokens.get(self._current, 0.0) <= now:
                self._current = f"{uuid.uuid4()}:int"
                self._tokens[self._current] = now + self.token_lifetime
            return self._current, int(self._tokens[self._current] - now)

    def _ended(self) -> str:
        with self._lock:
            token = f"{uuid.uuid4()}:int"
            self._tokens[token] = 0.0
            return token

    def _told(self, token: str, seconds: int) -> Reply:
        told = {"access_token": token, "token_type": "bearer", "expires_in": seconds, "scope": self.user}
        return json_reply(told)


def _refused(error: str, text: str, status: int = 401) -> Reply:
    return json_reply({"error": error, "error_description": text}, status, error)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
