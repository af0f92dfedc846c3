"""The generator makes samples of any size; licence ids once collided past a thousand accounts."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from sample.customers import bulk_customers
from sample.model import Options
from sample.named import named_customers


def test_five_thousand_accounts_have_names_and_licence_ids_of_their_own() -> None:
    """One licence of the named accounts stands under two subscriptions, and is written once."""
    options = Options(out=Path("unused"), as_of=date(2026, 6, 30), accounts=5000)
    named = named_customers(options)
    customers = [*named, *bulk_customers(options, 5000 - len(named))]
    assert len({customer.account.account_name for customer in customers}) == len(customers) == 5000
    ids = Counter(record.license_id for customer in customers for record in customer.licenses)
    assert len(ids) > 10_000
    assert [key for key, times in ids.items() if times > 1] == []
