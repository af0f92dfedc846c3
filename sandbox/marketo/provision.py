"""Objects and fields from a dbt manifest's publish models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.marketo.schema import COMPANY, Field, ObjectType
from sandbox.marketo.store import Store
from sandbox.provision import api_type, column_meta, is_whole, publish_models

_TYPES = {"STRING": "string", "DATETIME": "datetime", "DATE": "date", "BOOLEAN": "boolean"}
_NO_DECIMALS = re.compile(r"\(\s*\d+\s*,\s*0\s*\)")
_LONGEST_STRING = 255


def provision(store: Store, manifest_path: Path, created_at: str) -> list[str]:
    """Create objects and fields that are missing; what is there stays as it is.

    Returns:
        The objects and fields added, for people.
    """
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    added: list[str] = []
    for node, publish in sorted(publish_models(manifest, "marketo"), key=lambda each: each[1]["object"] != COMPANY):
        specs = list(_field_specs(node, publish))
        linking = [{**spec, "link": None} for spec in specs if spec.get("link")]
        company = store.get(COMPANY)
        if company is not None:
            added += _extend(store, company, linking)
        name = publish["object"]
        known = store.get(name)
        added += [] if known else [name]
        added += _extend(store, known or ObjectType.made(name, "", created_at), specs)
    return sorted(added)


def _extend(store: Store, obj: ObjectType, specs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give an object the fields that it lacks, and name them."""
    extended = obj.extended(Field.from_spec(each) for each in specs)
    store.define(extended)
    return [f"{obj.name}.{each.name}" for each in extended.own_fields[len(obj.own_fields) :]]


def _field_specs(node: Mapping[str, Any], publish: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A custom object's key is its dedupe fields; `marketo_type: link` leads to the field of that name on Company."""
    columns = {name.lower(): column for name, column in node.get("columns", {}).items()}
    key, custom = publish.get("key") or [], publish["object"] != COMPANY
    keys = [key] if isinstance(key, str) else list(key)
    for column_name, name in (publish.get("fields") or {}).items():
        spec = _column_spec(name, columns.get(column_name.lower(), {}), custom)
        spec["dedupe"] = custom and name in keys
        spec["link"] = name if custom and spec.pop("leads", False) else None
        yield spec


def _column_spec(name: str, column: Mapping[str, Any], custom: bool) -> dict[str, Any]:
    """A field; custom objects have no type for percentages."""
    meta, data_type = column_meta(column), str(column.get("data_type") or "varchar")
    kind = api_type(data_type)
    told = _TYPES.get(kind)
    if told is None:
        whole = is_whole(data_type) or _NO_DECIMALS.search(data_type)
        told = "float" if not whole else "percent" if name.endswith("Pct") and not custom else "integer"
    wished = meta.get("marketo_type")
    spec: dict[str, Any] = {"name": name, "type": told if wished in (None, "link") else wished}
    spec["leads"] = wished == "link"
    if kind == "STRING" and meta.get("length"):
        spec["length"] = int(meta["length"])
        if spec["length"] > _LONGEST_STRING and wished is None:
            spec["type"] = "text"
    return spec
