"""Credentials: access key and M2M tokens (contract section 1)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from sandbox.replies import RefusedError, Reply, failure, json_reply, unauthorized
from sandbox.settings import Switches

_GRANT = "client_credentials"


class Credentials:
    """What the tenant accepts. Tokens live in memory: a restart of the sandbox ends them."""

    def __init__(
        self,
        access_key: str | None,
        client_id: str | None,
        client_secret: str | None,
        token_lifetime: float,
        clock: Callable[[], float],
    ) -> None:
        self.access_key = access_key or secrets.token_urlsafe(24)
        self.client_id = client_id or secrets.token_hex(12)
        self.client_secret = client_secret or secrets.token_urlsafe(24)
        self.token_lifetime = token_lifetime
        self.revoked = False
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()

    def refuse(self, headers: Mapping[str, str], address: str, switches: Switches) -> Reply | None:
        """The reply to a caller who may not call, or None.

        Raises:
            RefusedError: GSOBJ_1024, for an Authorization header that is not a bearer token.
        """
        key = headers.get("Accesskey")
        bearer = headers.get("Authorization")
        if key is not None:
            if self.revoked or not _same(key, self.access_key):
                return unauthorized(switches.unauthorized_status)
            if switches.allowed_ips is not None and address not in switches.allowed_ips:
                desc = "IP Address does not lie in range of whitelisted ips"
                raise RefusedError("GS_APIG_2402", desc, 403)
            return None
        if bearer is None:
            return unauthorized(switches.unauthorized_status)
        scheme, _, token = bearer.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise RefusedError("GSOBJ_1024", "Invalid authorization headers")
        if self.revoked or self._tokens.get(token.strip(), 0.0) <= self._clock():
            return ended_token(switches)
        return None

    def check_basic(self, authorization: str | None, body: bytes) -> Reply | None:
        """The reply to a token request that is refused, in RFC 6749's shape, or None."""
        user, password = _basic(authorization)
        known = _same(user, self.client_id) and _same(password, self.client_secret)
        if self.revoked or not known:
            return json_reply({"error": "invalid_client"}, 401, "invalid_client")
        grants = parse_qs(body.decode("latin-1")).get("grant_type", [])
        if grants != [_GRANT]:
            code = "unsupported_grant_type" if grants else "invalid_request"
            return json_reply({"error": code}, 400, code)
        return None

    def issue(self) -> Reply:
        """A new token, answered at top level without an envelope."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = self._clock() + self.token_lifetime
        payload = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_lifetime}
        if float(self.token_lifetime).is_integer():
            payload["expires_in"] = int(self.token_lifetime)
        return json_reply(payload)

    def expire_tokens(self) -> None:
        """End every token issued so far."""
        with self._lock:
            self._tokens.clear()


def ended_token(switches: Switches) -> Reply:
    """The answer to a token that is not accepted, or not any more, as the switch has it."""
    if switches.bearer_refusal == "GSOBJ_1024":
        return failure(400, "GSOBJ_1024", "Invalid authorization headers")
    if switches.bearer_refusal == "bare":
        return Reply(401, b"", "text/plain", code="401")
    return unauthorized(switches.unauthorized_status)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _basic(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
