"""Rows of the marts, a parcel for each account. Read for many accounts at once: the marts are not asked per account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dashboard.app.data import DataError, Mart, Row, Rows
from dashboard.report import queries

BATCH = 200
"""So many accounts are held at a time."""


@dataclass(frozen=True)
class Parcel:
    """All that is read of one account.

    Attributes:
        account: its row of `queries.ACCOUNTS`.
        topics: rows by the names of `queries.TOPICS`; a topic without a row is an empty list.
    """

    account: Row
    topics: dict[str, Rows] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """Id of the account in the CRM."""
        return str(self.account["account_id"])

    def __getitem__(self, topic: str) -> Rows:
        """The rows of a topic."""
        return self.topics.get(topic, [])


def accounts(mart: Mart, ids: Sequence[str] = ()) -> Rows:
    """The accounts that a report can be made of: these, or without any all that the CRM has.

    Raises:
        DataError: one of them is not there, or had no subscription yet.
    """
    if not ids:
        return [row for row in mart.rows(queries.ACCOUNTS.replace("{only}", "1 = 1")) if row["is_in_crm"]]
    condition, values = _only(ids)
    found = mart.rows(queries.ACCOUNTS.replace("{only}", condition), *values)
    missing = [each for each in ids if each not in {row["account_id"] for row in found}]
    if missing:
        raise DataError(_why_missing(mart, missing[0]))
    return found


def _why_missing(mart: Mart, account_id: str) -> str:
    known = mart.rows("select account_id from {marts}.dim_accounts where account_id = ?", account_id)
    if known:
        return f"The account {account_id} has had no subscription yet: there is nothing to report."
    return f"There is no account {account_id} in the mart."


def parcels(mart: Mart, chosen: Rows) -> Iterator[Parcel]:
    """A parcel for each of the accounts, in their order."""
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        condition, values = _only([row["account_id"] for row in batch])
        topics = {
            name: _by_account(mart.rows(sql.replace("{only}", condition), *values))
            for name, sql in queries.TOPICS.items()
        }
        for row in batch:
            yield Parcel(row, {name: rows.get(row["account_id"], []) for name, rows in topics.items()})


def _only(ids: Sequence[str]) -> tuple[str, list[str]]:
    return f"own.account_id in ({', '.join('?' * len(ids))})", list(ids)


def _by_account(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row)
    return found
