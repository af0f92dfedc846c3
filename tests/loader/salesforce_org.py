"""An org of the local Salesforce with one custom object, and a client that talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.salesforce import Org

USAGE = "Product_Usage__c"


FIELDS: list[dict[str, Any]] = [
    {"name": "Usage_Key__c", "type": "string", "length": 40, "externalId": True, "unique": True, "caseSensitive": True},
    {"name": "Account__c", "type": "reference", "referenceTo": "Account"},
    {"name": "Period__c", "type": "date"},
    {"name": "Users__c", "type": "double", "precision": 18, "scale": 0},
    {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
    {"name": "Seen_At__c", "type": "datetime"},
    {"name": "Active__c", "type": "boolean"},
    {"name": "Color__c", "type": "picklist", "options": ["red", "yellow", "green"], "restricted": True},
]


ROOT = "/services/data/v67.0"


class Client(requests.Session):
    """Requests to one org with a token of client credentials."""

    def __init__(self, org: Org) -> None:
        super().__init__()
        self.org = org
        self.login()

    def login(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": "local", "client_secret": "local"}
        token = self.post(f"{self.org.url}/services/oauth2/token", data=form, timeout=60).json()
        self.headers["Authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.request(method, self.org.url + ROOT + path, json=body, timeout=60, **more)

    def query(self, soql: str) -> Any:
        return self.call("GET", "/query", params={"q": soql}).json()

    def upsert(self, *records: dict[str, Any], all_or_none: bool = False, **more: Any) -> Any:
        body = {"allOrNone": all_or_none, "records": [{"attributes": {"type": USAGE}, **each} for each in records]}
        return self.call("PATCH", f"/composite/sobjects/{USAGE}/Usage_Key__c", body, **more).json()


def open_org(**more: Any) -> Org:
    """An org with one custom object, and an external id on Account."""
    org = Org(**more)
    org.create_object(USAGE, FIELDS, label="Product Usage")
    org.create_object("Account", [{"name": "Ext__c", "type": "string", "externalId": True}])
    return org


@pytest.fixture
def org() -> Iterator[Org]:
    with open_org() as org:
        yield org


@pytest.fixture
def client(org: Org) -> Client:
    return Client(org)


def code(reply: requests.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()[0]["errorCode"]


def errors(results: Any) -> list[str | None]:
    return [each["errors"][0]["statusCode"] if each["errors"] else None for each in results]
