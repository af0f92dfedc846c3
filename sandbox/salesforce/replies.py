"""Reply bodies in Salesforce's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.replies import Reply, json_reply

CSV = "text/csv; charset=UTF-8"


class RefusedError(Exception):
    """A request that is answered with an error; nothing was written."""

    def __init__(self, code: str, message: str, status: int = 400, fields: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = list(fields)

    def reply(self) -> Reply:
        """The reply."""
        return failure(self.status, self.code, self.message, self.fields)


class RowError(Exception):
    """Why one record was not taken."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = list(fields)

    def to_json(self) -> dict[str, Any]:
        """As a collection's result has it."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def to_text(self) -> str:
        """As a job's failed results have it."""
        return f"{self.code}:{self.message}:{', '.join(self.fields) or '--'}{' --' if self.fields else ''}"


def failure(status: int, code: str, message: str, fields: Sequence[str] = ()) -> Reply:
    """A list of one error."""
    error: dict[str, Any] = {"errorCode": code, "message": message}
    if fields:
        error["fields"] = list(fields)
    return json_reply([error], status, code)


def not_found(what: str = "The requested resource does not exist") -> RefusedError:
    """404."""
    return RefusedError("NOT_FOUND", what, 404)
