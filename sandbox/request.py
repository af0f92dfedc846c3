"""A request as the HTTP server read it, and where it goes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Routes = Sequence[tuple[str, str, re.Pattern[str]]]
"""Method, operation, and the pattern of the path; its groups `object` and `id` are kept."""


def routes(*lines: tuple[str, str, str]) -> Routes:
    """Routes from patterns; a slash at the end of a path does not matter."""
    return [(method, operation, re.compile(pattern + r"/?\Z")) for method, operation, pattern in lines]


def _not_json(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_not_json)


@dataclass
class Request:
    """What came. Header names are looked up in any case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str = "127.0.0.1"
    operation: str = "unknown"
    object: str | None = None
    id: str | None = None
    records: int = 0
    uri: int = 0
    """Bytes of the path and query as they came."""

    def count_records(self) -> None:
        """Set `records` from the body of a call that is not handled."""

    def route(self, routes: Routes) -> None:
        """Find the operation, the object and the id that the path stands for."""
        path = re.sub("^/+", "/", self.path)
        for method, operation, pattern in routes:
            found = pattern.match(path)
            if found and method == self.method:
                named = found.groupdict()
                self.operation = operation
                self.object = unquote(named["object"]) if named.get("object") else None
                self.id = unquote(named["id"]) if named.get("id") else None
                return

    def parsed(self) -> Any:
        """The body as JSON; NaN and Infinity are not JSON.

        Raises:
            ValueError, RecursionError: it is none.
        """
        return _DECODER.decode(self.body.decode("utf-8"))
