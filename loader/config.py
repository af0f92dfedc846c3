"""Settings, from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from loader.errors import MisuseError

KNOWN_SECRETS: set[str] = set()
"""Every credential that was read, to keep it out of what is written."""


EXAMPLES = {
    "GAINSIGHT": "https://you.gainsightcloud.com",
    "GAINSIGHT_CTA": "cs-lead@you.example",
    "GAINSIGHT_S3": "/exports/gainsight",
    "SALESFORCE": "https://you.my.salesforce.com",
    "MARKETO": "https://123-ABC-456.mktorest.com",
}
"""Addresses as they look, by the prefix of a destination's settings."""


SWITCHES = {"GAINSIGHT_CTA": "GAINSIGHT_CTA_OWNER", "GAINSIGHT_S3": "GAINSIGHT_S3_FOLDER (or GAINSIGHT_S3_BUCKET)"}
"""What turns a destination on that has no address of its own."""


def setting(name: str) -> str:
    """The setting without which a destination is left alone."""
    return SWITCHES.get(name.upper(), f"{name.upper()}_BASE_URL")


def not_set(name: str) -> str:
    """What is said when a destination is asked for and has no address."""
    return f"{setting(name)} is not set, such as {EXAMPLES[name.upper()]}."


class Secret(str):
    """Text that shows itself only when used as a string on purpose."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def redacted(text: str) -> str:
    """The text without any credential that was read."""
    for value in sorted(KNOWN_SECRETS, key=len, reverse=True):
        text = text.replace(value, "***")
    return text


def harmless(text: str) -> str:
    """The text with control characters written out, so that it moves no cursor and forges no line."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True)
class ApiSettings:
    """What the environment says about one destination's API.

    Attributes:
        connection: what names the system at this address, see `Destination.connection`.
        calls_per_window: calls allowed in `window_seconds`.
        timeout_seconds: longest wait for one reply.
        give_up_seconds: longest time without an accepted call.
    """

    prefix: str
    base_url: str
    connection: str
    calls_per_window: int
    calls_per_day: int
    window_seconds: float
    timeout_seconds: float
    give_up_seconds: float

    def required(self) -> ApiSettings:
        """The same, once it is known that there is an address.

        Raises:
            MisuseError: there is none.
        """
        if not self.base_url:
            raise MisuseError(not_set(self.prefix))
        return self


def secret(name: str) -> Secret | None:
    """A credential from `name`, or from the file that `name`_FILE names; None when neither is set.

    Raises:
        MisuseError: the file cannot be read, or holds characters that no credential has.
    """
    value, path = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MisuseError(f"{name}_FILE: cannot read {path} ({type(error).__name__}).") from None
    if not value:
        return None
    if not (value.isascii() and value.isprintable()):
        raise MisuseError(f"{name} holds line breaks or characters that no credential has.")
    if len(value) > 5:
        KNOWN_SECRETS.add(value)
    return Secret(value)


def api_settings(
    prefix: str,
    calls: int,
    calls_per_day: int,
    timeout: float = 60,
    window: float = 60,
    calls_name: str = "CALLS_PER_MINUTE",
) -> ApiSettings:
    """Read `<prefix>_BASE_URL` and the limits; the arguments are the defaults.

    Args:
        calls, window: calls allowed in so many seconds, and with `calls_name` the setting that says how many.

    Raises:
        MisuseError: the address is unsafe, or a number is not one.
    """
    give_up, base_url = number(f"{prefix}_GIVE_UP_SECONDS", 120), _base_url(f"{prefix}_BASE_URL")
    return ApiSettings(
        prefix,
        base_url,
        os.environ.get(f"{prefix}_CONNECTION", "").strip() or _host(base_url),
        int(number(f"{prefix}_{calls_name}", calls)),
        int(number(f"{prefix}_CALLS_PER_DAY", calls_per_day)),
        number(f"{prefix}_WINDOW_SECONDS", window),
        number(f"{prefix}_TIMEOUT_SECONDS", timeout),
        min(give_up, 120.0),
    )


def _base_url(name: str) -> str:
    url = os.environ.get(name, "").strip().rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise MisuseError(f"{name} is not a web address.") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise MisuseError(f"{name} is not a web address such as {EXAMPLES[name.removesuffix('_BASE_URL')]}.")
    if parts.username or parts.password:
        raise MisuseError(f"{name} holds a user name or password; credentials have their own settings.")
    if parts.scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        raise MisuseError(f"{name} must start with https://: credentials would travel in clear.")
    return url


def _host(url: str) -> str:
    """What of an address tells one system from another: host, port unless it is the usual one, and path."""
    parts = urlsplit(url.lower())
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    return f"{parts.hostname or ''}{port}{parts.path}"


def number(name: str, default: float) -> float:
    """A setting that is a number above 0.

    Raises:
        MisuseError: it is not.
    """
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else float(default)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise MisuseError(f"{name} must be a number above 0, not {text!r}.")
    return value


def one_of(name: str, *words: str) -> str:
    """A setting that is one of these words; the first when it is not set.

    Raises:
        MisuseError: it is another one.
    """
    given = os.environ.get(name, "").strip().lower() or words[0]
    if given not in words:
        raise MisuseError(f"{name} must be {' or '.join(words)}, not {given!r}.")
    return given
