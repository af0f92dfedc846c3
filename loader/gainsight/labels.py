"""What people filled into a label field, and who did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Compares, Field, Label
from loader.engine.values import moment
from loader.errors import FatalError, RowRejected
from loader.gainsight.client import Client


def read_labels(
    client: Client, compares: Compares, fields: Mapping[str, Field], model: PublishModel
) -> Iterator[list[Label]]:
    """See `Destination.labels`. A record changed last by who created it was changed last by an integration, such as
    ours: its date is not the label's then, and the person is not known."""
    label, key, names = str(model.labels), model.key[0], dict[str, str]()
    for page in client.query(model.object, [key, label, "CreatedBy", "ModifiedBy", "ModifiedDate"]):
        people = {str(r["ModifiedBy"]) for r in page if r.get("ModifiedBy") not in (None, r.get("CreatedBy"))}
        names |= _names(client, sorted(people - names.keys()))
        yield [
            Label(
                str(record[key]),
                str(compares.form(record.get(label), "text", fields[label]) or ""),
                moment(record["ModifiedDate"]),
                names[str(record["ModifiedBy"])] if str(record.get("ModifiedBy")) in people else "",
            )
            for record in page
            if record.get(key)
        ]


def _names(client: Client, ids: list[str]) -> dict[str, str]:
    """E-mail, else name, by id of users; the id itself where the tenant does not tell."""
    known = {each: each for each in ids}
    try:
        pages: list[list[dict[str, Any]]] = (
            list(client.query("gsuser", ["Name", "Email"], {"Gsid": ids})) if ids else []
        )
    except (RowRejected, FatalError):
        pages = []
    return known | {str(r["Gsid"]): str(r.get("Email") or r.get("Name") or r["Gsid"]) for p in pages for r in p}
