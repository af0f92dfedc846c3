"""What fits an org's metadata and is probably not meant; `check` says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Facts, Field
from loader.engine.doubting import Doubt, Kinds, of_values
from loader.salesforce.comparing import IGNORED
from loader.salesforce.schema import ID, MULTIPLE, is_id

KINDS = Kinds(percentage="PERCENT", time="DATETIME", multiple=MULTIPLE)
_CURRENCY_OF_RECORD = "CurrencyIsoCode"


def doubts(
    model: PublishModel,
    fields: Mapping[str, Field],
    given: Mapping[str, Mapping[str, Any]],
    facts: Facts,
    ignored: frozenset[str],
) -> Iterator[Doubt]:
    """All there are about one model.

    Args:
        given: the fields as describe has them.
        ignored: what the settings say that keys ignore.
    """
    yield from of_values(model, fields, facts, KINDS)
    for column, name in model.fields.items():
        meta = given.get(name, {})
        if meta.get("type") == "currency" and _CURRENCY_OF_RECORD in given:
            fix = f"see that the integration's user has the mart's currency, or publish {_CURRENCY_OF_RECORD}"
            yield name, "is in the currency of each record, which in this org differs", fix
        if meta.get("type") == "picklist" and not meta.get("restrictedPicklist"):
            yield from _strangers(name, meta, facts.samples.get(column, ()))
        if name in model.key and model.mode != "update" and not meta.get("caseSensitive") and "case" not in ignored:
            yield name, "is compared without regard to case", f"set {IGNORED}=case"
    asked = [(c, f) for c, f in model.fields.items() if f == ID]
    asked += [(each.column, each.field) for each in model.lookups if each.match == ID]
    for column, name in asked:
        odd = [each for each in facts.samples.get(column, ()) if not is_id(each)]
        if odd:
            problem = f"{len(odd)} values of {column} are no Salesforce ids"
            yield name, problem, "let var salesforce_account_field name the external id that the CRM's ids stand in"


def _strangers(name: str, meta: Mapping[str, Any], samples: Any) -> Iterator[Doubt]:
    """Values of a picklist that takes any."""
    items = {str(each.get("value")) for each in meta.get("picklistValues") or [] if each.get("active", True)}
    if others := [each for each in samples if each not in items]:
        yield name, f"is a picklist, and {len(others)} values are none of its items", "add them, or use a text field"
