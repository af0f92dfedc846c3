"""An External Client App's credentials: JWT bearer with a key file, or client credentials."""

from __future__ import annotations

import os
import time
from pathlib import Path

from loader.config import KNOWN_SECRETS, Secret, secret
from loader.engine.api import fetch_token
from loader.engine.http import Http
from loader.errors import FatalError, MisuseError

TOKEN = "/services/oauth2/token"  # noqa: S105 - a path
KEY_FILE = "SALESFORCE_PRIVATE_KEY_FILE"
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 180
"""Seconds that an assertion may be used in."""


class Credentials:
    """The app's consumer key with a user's name and a private key, or with its secret, from the environment. A session
    lasts as long as the org says, and a call's 401 tells that it is over.

    Raises:
        MisuseError: neither is set, or the key file cannot be read.
    """

    def __init__(self) -> None:
        self._id, self._secret = secret("SALESFORCE_CLIENT_ID"), secret("SALESFORCE_CLIENT_SECRET")
        self._user, self._key = os.environ.get("SALESFORCE_USERNAME", "").strip(), _key()
        self._token: Secret | None = None
        if not self._id or not (self._secret or (self._user and self._key)):
            raise MisuseError(
                "Salesforce needs credentials: set SALESFORCE_CLIENT_ID (the consumer key of an External Client App),"
                f" and SALESFORCE_USERNAME with {KEY_FILE} (JWT bearer) or SALESFORCE_CLIENT_SECRET (client"
                " credentials)."
            )

    def headers(self, http: Http) -> dict[str, str]:
        """See `loader.engine.api.Credentials`."""
        if self._token is None:
            form = self._assertion(http) if self._key else self._client()
            names = f"SALESFORCE_USERNAME and {KEY_FILE}" if self._key else "SALESFORCE_CLIENT_SECRET"
            refused = (
                f"Salesforce refused SALESFORCE_CLIENT_ID with {names}; look at the External Client App's policies,"
                " and whether SALESFORCE_BASE_URL is the org's My Domain address"
            )
            reply = fetch_token(http, TOKEN, {"Accept": "application/json"}, form, refused)
            self._token = Secret(reply["access_token"])
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """See `loader.engine.api.Credentials`."""
        self._token, had = None, self._token
        return had is not None

    def _client(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": str(self._id),
            "client_secret": str(self._secret),
        }

    def _assertion(self, http: Http) -> dict[str, str]:
        base = http.settings.base_url
        usual = "https://test.salesforce.com" if ".sandbox." in base else "https://login.salesforce.com"
        claims = {
            "iss": str(self._id),
            "sub": self._user,
            "aud": os.environ.get("SALESFORCE_AUDIENCE", "").strip() or usual,
            "exp": int(time.time()) + _LIFETIME,
        }
        import jwt  # with its cryptography a tenth of a start, and most runs sign nothing

        try:
            assertion = jwt.encode(claims, self._key or "", algorithm="RS256")
        except (ValueError, TypeError, jwt.exceptions.PyJWTError) as error:
            raise FatalError(f"{KEY_FILE} holds no RSA private key in PEM ({type(error).__name__})", 0, TOKEN) from None
        KNOWN_SECRETS.add(assertion)
        return {"grant_type": _BEARER, "assertion": assertion}


def _key() -> Secret | None:
    path = os.environ.get(KEY_FILE, "").strip()
    if not path:
        return None
    try:
        return Secret(Path(path).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise MisuseError(f"{KEY_FILE}: cannot read {path} ({type(error).__name__}).") from None
