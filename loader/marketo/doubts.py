"""What fits an instance's metadata and is probably not meant, and whether records can be written; `check` says it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Facts, Field
from loader.engine.doubting import Doubt, Kinds, of_values
from loader.errors import FatalError, RowRejected
from loader.marketo.client import UPDATE, Client
from loader.marketo.replies import CRM, MISSING, NATIVE_SYNC, code_of
from loader.marketo.schema import is_company, links

log = logging.getLogger("loader")
KINDS = Kinds(percentage="PERCENT", time="DATETIME", multiple="")
PROBE = "customer-health check: no record has this key"
"""The value of each dedupe field in the update that `check` tries."""


def doubts(model: PublishModel, fields: Mapping[str, Field], given: Mapping[str, Any], facts: Facts) -> Iterator[Doubt]:
    """All there are about one model.

    Args:
        given: the object as describe has it.
    """
    yield from of_values(model, fields, facts, KINDS)
    if not is_company(model.object) and not links(given).keys() & {*model.targets}:
        fix = "make a link field (data type Link) and publish the account into it; it cannot be added after approval"
        yield model.key[0], "no link field is filled, so no smart list finds a person by these records", fix


def misfits(model: PublishModel, fields: Mapping[str, Field], given: Mapping[str, Any]) -> Iterator[Doubt]:
    """What keeps a model's rows from being sent: another key than the object's, or a text for a link by id."""
    keys = [str(each) for each in given.get("dedupeFields") or []]
    if set(keys) != set(model.key):
        problem = f"the key is not the object's dedupe fields ({', '.join(keys)})"
        yield model.key[0], problem, "correct `key` in the model"
    for name in model.fields.values():
        to, by = links(given).get(name, ("", ""))
        if name in fields and fields[name].lookup:
            fix = f"link it to a text field of {to} that holds the account, or fill it by `lookups` of the model"
            yield name, f"leads to {to}.{by}, Marketo's own number", fix


def probe(client: Client, name: str, keys: Sequence[str]) -> str:
    """Try to update a record of a key that cannot exist: nothing can come of it but the reason why not.

    Returns:
        The code of the reason; "" when none was given.
    """
    try:
        results = client.sync(name, UPDATE, [json.dumps(dict.fromkeys(keys, PROBE))])
    except (FatalError, RowRejected) as error:
        return error.code
    return code_of(results[0]) if isinstance(results, list) and results else ""


def told_of(name: str, code: str) -> Doubt | None:
    """What a probe says: nothing, but to the log, where records can be written."""
    asked = "an update of a key that no record has (a probe)"
    if code in MISSING:
        log.info("%s can be written: %s found none (%s)", name, asked, code)
        return None
    log.info("%s cannot be written: %s was answered with %s", name, asked, code or "no code")
    if code == CRM:
        return (
            "",
            NATIVE_SYNC,
            "build with var marketo_account_object: the API name of a custom object linked to Company",
        )
    problem = f"{asked} was answered with {code or 'no code'}"
    return "", problem, "603 is a permission that the API-only user's role lacks; the vendor's list has the other codes"
