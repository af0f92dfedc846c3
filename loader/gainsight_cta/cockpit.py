"""The cockpit's calls: which calls to action an account has, and making one. And the users who may own one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loader.engine.destination import Rejection
from loader.engine.replies import code_in, harmless, name_in
from loader.errors import FatalError, MisuseError, RowRejected
from loader.gainsight.client import Client

CREATE, LIST = "/v2/cockpit/cta/", "/v2/cockpit/cta/list"
NAMES = "/v2/cockpit/admin/picklist/lite?category=CTA_STATUS,CTA_PRIORITY,CTA_TYPE&et=COMPANY"
PAGE = 1000
COMPANIES_PER_LIST = 100
MARK = "Reference: customer-health/"
_MARKED = re.compile(re.escape(MARK) + r"(.*?)\s*(?:<|\n|\Z)")
_BAD_SELECT = "COCKPIT_5101"


@dataclass(frozen=True)
class Call:
    """A call to action as the tenant has it.

    Attributes:
        reference: what we called it: account, signal and episode.
    """

    gsid: str
    company: str
    reference: str
    closed: bool

    @property
    def of(self) -> str:
        """Account and signal."""
        return self.reference.rpartition("/")[0]

    @property
    def episode(self) -> str:
        """First period of its episode."""
        return self.reference.rpartition("/")[2]


@dataclass
class Made:
    """What a reply to making calls says.

    Attributes:
        ids: Gsid by reference.
        refused: why not, by reference.
    """

    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Rejection] = field(default_factory=dict)


class Cockpit:
    """The cockpit of one tenant."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._select = ["Gsid", "CompanyId", "IsClosed", "Comments", "ReferenceId"]

    def of_companies(self, companies: Sequence[str]) -> Iterator[Call]:
        """The calls of ours that these companies have, open and closed."""
        for start in range(0, len(companies), COMPANIES_PER_LIST):
            yield from self._listed("CompanyId", list(companies[start : start + COMPANIES_PER_LIST]), "IN")

    def ours(self) -> Iterator[Call]:
        """All calls of ours."""
        return self._listed("Comments", [MARK], "CONTAINS")

    def _listed(self, name: str, value: list[str], operator: str) -> Iterator[Call]:
        condition = {"fieldName": name, "alias": "A", "value": value, "operator": operator}
        body: dict[str, Any] = {"where": {"conditions": [condition], "expression": "A"}, "pageSize": PAGE}
        number = 1
        while True:
            rows = self._page({**body, "pageNumber": number})
            yield from filter(None, map(_call, rows))
            if len(rows) < PAGE:
                return
            number += 1

    def _page(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """One page; where the tenant shows no ReferenceId, the text says it."""
        try:
            data = self._client.read(LIST, {"select": self._select, **body})
        except (RowRejected, FatalError) as error:
            if error.code != _BAD_SELECT or "ReferenceId" not in self._select:
                raise
            self._select.remove("ReferenceId")
            data = self._client.read(LIST, {"select": self._select, **body})
        rows = data.get("records") if isinstance(data, dict) else data
        return [each for each in rows or [] if isinstance(each, dict)]

    def make(self, records: Sequence[Mapping[str, Any]]) -> Made:
        """Make calls, once.

        Raises:
            RetriableError: nobody knows whether they were made.
            RowRejected: the request as a whole was refused.
        """
        body = json.dumps({"requests": [{"record": dict(each)} for each in records]})
        data = self._client.post_once(CREATE, body.encode())
        given = data if isinstance(data, dict) else {}
        made = Made()
        for each in given.get("success") or []:
            made.ids |= _id_in(each)
        for each in given.get("failure") or []:
            made.refused |= _refusal_in(each)
        return made

    def names(self) -> dict[str, set[str]]:
        """Names of types, states and priorities, by category; empty where the tenant does not tell."""
        try:
            data = self._client.read(NAMES)
        except (RowRejected, FatalError) as error:
            if error.status == 401:  # then it tells nothing at all
                raise
            return {}
        given = data if isinstance(data, dict) else {}
        return {
            category: {str(item.get("name")) for item in items if isinstance(item, dict) and item.get("active", True)}
            for category, items in given.items()
            if isinstance(items, list)
        }

    def users(self, emails: Sequence[str]) -> dict[str, str]:
        """Gsid by e-mail, in lower case, of those of these users that are there and active."""
        wanted = sorted({form for each in emails for form in (each, each.lower())})
        try:
            pages = list(self._client.query("gsuser", ["Email", "IsActiveUser"], {"Email": wanted}))
        except RowRejected:  # the tenant calls it otherwise: those that are there are taken for active
            pages = list(self._client.query("gsuser", ["Email"], {"Email": wanted}))
        return {
            str(row.get("Email") or "").lower(): str(row["Gsid"])
            for page in pages
            for row in page
            if row.get("IsActiveUser") is not False
        }


class Owners:
    """Who calls go to.

    Args:
        fallback: e-mail of who gets those whose owner is missing or inactive.
    """

    def __init__(self, cockpit: Cockpit, fallback: str) -> None:
        self._cockpit, self._fallback = cockpit, fallback
        self._known: dict[str, str] = {}
        self._asked: set[str] = set()

    def look(self, emails: Sequence[str | None]) -> None:
        """Find these, and the fallback.

        Raises:
            MisuseError: the fallback is no active user.
        """
        wanted = {each.strip() for each in (*emails, self._fallback) if each and each.strip()} - self._asked
        if wanted:
            self._known |= self._cockpit.users(sorted(wanted))
            self._asked |= wanted
        if self._fallback.lower() not in self._known:
            raise MisuseError(f"GAINSIGHT_CTA_OWNER {self._fallback} is no active user of Gainsight. Nothing was sent.")

    def of(self, email: str | None) -> str:
        """The Gsid of an owner, once looked for, or of the fallback."""
        return self._known.get((email or "").strip().lower()) or self._known[self._fallback.lower()]


def _call(row: Mapping[str, Any]) -> Call | None:
    text = html.unescape(str(row.get("Comments") or ""))
    found = _MARKED.search(text)
    reference = found[1] if found else str(row.get("ReferenceId") or "")
    if not reference or reference.count("/") < 2:  # somebody else's
        return None
    closed = str(row.get("IsClosed")).lower() in ("true", "1")
    return Call(str(row["Gsid"]), str(row.get("CompanyId") or ""), reference, closed)


def _id_in(given: Any) -> dict[str, str]:
    """Gsid by reference of one item of `success`: {reference: gsid}, or an object that names both."""
    if not isinstance(given, dict):
        return {}
    lower = {str(name).lower(): value for name, value in given.items()}
    if lower.get("referenceid") and lower.get("gsid"):
        return {str(lower["referenceid"]): str(lower["gsid"])}
    pairs = [(str(name), value) for name, value in given.items() if isinstance(value, str)]
    return {name: value for name, value in pairs if "/" in name} if len(given) == 1 else {}


def _refusal_in(given: Any) -> dict[str, Rejection]:
    """Why a call was not made, by reference."""
    if not isinstance(given, dict):
        return {}
    reference = str(given.get("referenceId") or "")
    errors = given.get("errors") or [given]
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else given
    code = code_in(first.get("errorCode")) or "COCKPIT"
    text = str(first.get("message") or first.get("errorMessage") or first.get("errorDesc") or "refused")
    return {reference: Rejection(name_in(first.get("fieldName")), code, harmless(text, []))} if reference else {}
