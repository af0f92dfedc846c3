"""Tokens: client credentials, and JWT bearer with a signature that is verified."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import jwt

from sandbox.replies import Reply, json_reply
from sandbox.request import Request
from sandbox.salesforce.replies import failure

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST = 300
"""Seconds that an assertion may be good for."""


class Credentials:
    """What the org accepts. Tokens live in memory: a restart ends them.

    Args:
        client_id, client_secret: the External Client App's consumer key and secret.
        public_key: PEM of the app's certificate or public key; None takes no JWT.
        username: the user that a JWT may speak for.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        public_key: str | None,
        username: str,
        token_lifetime: float,
        clock: Callable[[], float],
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.public_key = public_key
        self.username = username
        self.token_lifetime = token_lifetime
        self.revoked = False
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self, request: Request) -> Reply:
        """The reply to a token request."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        grant = form.get("grant_type")
        if grant == "client_credentials":
            problem = self._check_secret(form, request.headers)
        elif grant == JWT_BEARER:
            problem = self._check_assertion(form.get("assertion", ""), request)
        else:
            problem = ("unsupported_grant_type", "grant type not supported")
        if problem is not None:
            code, text = problem
            return json_reply({"error": code, "error_description": text}, 400, code)
        return self._token(f"http://{request.headers.get('Host') or '127.0.0.1'}")

    def refuse(self, headers: Mapping[str, str]) -> Reply | None:
        """The reply to a caller who may not call, or None."""
        scheme, _, token = (headers.get("Authorization") or "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth") or not token.strip():
            return failure(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if self.revoked or self._tokens.get(token.strip(), 0.0) <= self._clock():
            return ended_session()
        return None

    def expire_tokens(self) -> None:
        """End every token issued so far."""
        with self._lock:
            self._tokens.clear()

    def _token(self, address: str) -> Reply:
        token = "00D" + secrets.token_urlsafe(60)
        with self._lock:
            self._tokens[token] = self._clock() + self.token_lifetime
        return json_reply(
            {
                "access_token": token,
                "signature": secrets.token_urlsafe(32),
                "scope": "api",
                "instance_url": address,
                "id": f"{address}/id/00D000000000001EAA/005000000000001AAA",
                "token_type": "Bearer",
                "issued_at": str(int(self._clock() * 1000)),
            }
        )

    def _check_secret(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str] | None:
        user, password = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, encoded = (headers.get("Authorization") or "").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                user = password = ""
        if not _same(user, self.client_id):
            return "invalid_client_id", "client identifier invalid"
        if self.revoked or not _same(password, self.client_secret):
            return "invalid_client", "invalid client credentials"
        return None

    def _check_assertion(self, assertion: str, request: Request) -> tuple[str, str] | None:
        if self.public_key is None or self.revoked:
            return "invalid_grant", "user hasn't approved this consumer"
        audiences = [*AUDIENCES, f"http://{request.headers.get('Host')}"]
        wanted = ["iss", "sub", "aud", "exp"]
        try:
            claims = jwt.decode(
                assertion, self.public_key, algorithms=["RS256"], audience=audiences, options={"require": wanted}
            )
        except jwt.InvalidAudienceError:
            return "invalid_grant", "audience is invalid"
        except jwt.ExpiredSignatureError:
            return "invalid_grant", "expired authorization code"
        except jwt.InvalidTokenError:
            return "invalid_grant", "invalid assertion"
        if claims["iss"] != self.client_id:
            return "invalid_client_id", "client identifier invalid"
        if claims["sub"] != self.username:
            return "invalid_grant", "user hasn't approved this consumer"
        if float(claims["exp"]) > time.time() + _LONGEST:
            return "invalid_grant", "invalid assertion"
        return None


def ended_session() -> Reply:
    """The answer to a token that is not accepted, or not any more."""
    return failure(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
