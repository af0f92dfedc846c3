"""A custom service's token, by client credentials."""

from __future__ import annotations

import time

from loader.config import Secret, secret
from loader.engine.api import fetch_token
from loader.engine.http import Http
from loader.errors import MisuseError

TOKEN = "/identity/oauth/token"  # noqa: S105 - a path
_REFUSED = (
    "Marketo refused MARKETO_CLIENT_ID and MARKETO_CLIENT_SECRET; look at the custom service in Admin, LaunchPoint, and"
    " whether MARKETO_BASE_URL is the address of the same subscription"
)
_TRIES, _PAUSE = 5, 1.0
"""How often, and after how many seconds, another token is asked for when the one that came has ended."""


class Credentials:
    """A custom service's id and secret, from the environment; see `loader.engine.api.Credentials`.

    Identity gives the same token until it ends, with the seconds that are left. So a token is used until then, and one
    that comes with none left, or that was refused a moment ago, is asked for again: a new one is made once the old one
    has ended.

    Raises:
        MisuseError: one of them is not set.
    """

    def __init__(self) -> None:
        self._id, self._secret = secret("MARKETO_CLIENT_ID"), secret("MARKETO_CLIENT_SECRET")
        if not (self._id and self._secret):
            raise MisuseError(
                "Marketo needs credentials: set MARKETO_CLIENT_ID and MARKETO_CLIENT_SECRET (or each with _FILE, a file"
                " that holds it), those of a custom service in Admin, LaunchPoint."
            )
        self._token, self._refused, self._ends = Secret(), "", 0.0

    def headers(self, http: Http) -> dict[str, str]:
        """The only place that a token stands in."""
        if not self._token or time.monotonic() >= self._ends:
            self._fetch(http)
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """See `loader.engine.api.Credentials`."""
        had, self._token = self._token, Secret()
        self._refused = str(had)
        return bool(had)

    def _fetch(self, http: Http) -> None:
        """Ask by POST, for a secret in an address would stand in logs."""
        form = {"grant_type": "client_credentials", "client_id": str(self._id), "client_secret": str(self._secret)}
        for tries in range(_TRIES):
            http.meter.pause(_PAUSE if tries else 0)
            reply = fetch_token(http, TOKEN, {"Accept": "application/json"}, form, _REFUSED)
            self._token = Secret(reply["access_token"])
            left = float(reply.get("expires_in") or 0)
            if left > 0 and self._token != self._refused:
                break
        # One that is said to have ended is tried all the same: the calls' own answers decide.
        self._ends, self._refused = time.monotonic() + (left or _PAUSE), ""
