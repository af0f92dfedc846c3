"""Objects and fields from a dbt manifest's publish models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.marketo.schema import COMPANY, Field, ObjectType
from sandbox.marketo.store import Store
from sandbox.provision import api_type, column_meta, is_whole, publish_models

_TYPES = {"STRING": "string", "DATETIME": "datetime", "DATE": "date", "BOOLEAN": "boolean"}


def provision(store: Store, manifest_path: Path, created_at: str) -> list[str]:
    """Create objects and fields that are missing; what is there stays as it is.

    Returns:
        The objects and fields added, for people.
    """
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    added: list[str] = []
    for node, publish in publish_models(manifest, "marketo"):
        name = publish["object"]
        known = store.get(name)
        obj = known or ObjectType.made(name, "", created_at)
        extended = obj.extended(Field.from_spec(each) for each in _field_specs(node, publish, obj))
        store.define(extended)
        added += [] if known else [name]
        added += [f"{name}.{each.name}" for each in extended.own_fields[len(obj.own_fields) :]]
    return sorted(added)


def _field_specs(node: Mapping[str, Any], publish: Mapping[str, Any], obj: ObjectType) -> Iterator[dict[str, Any]]:
    columns = {name.lower(): column for name, column in node.get("columns", {}).items()}
    key = publish.get("key") or []
    keys = [key] if isinstance(key, str) else list(key)
    link = publish.get("link") or {}
    for column_name, name in (publish.get("fields") or {}).items():
        spec = _column_spec(name, columns.get(column_name.lower(), {}))
        if name in keys and obj.name != COMPANY:
            spec["dedupe"] = True
        if name == link.get("field"):
            spec["link"] = link.get("to", "externalCompanyId")
        yield spec


def _column_spec(name: str, column: Mapping[str, Any]) -> dict[str, Any]:
    meta, data_type = column_meta(column), column.get("data_type") or "varchar"
    kind = api_type(data_type)
    told = _TYPES.get(kind) or ("integer" if is_whole(data_type) else "float")
    spec: dict[str, Any] = {"name": name, "type": meta.get("marketo_type") or told}
    if kind == "STRING" and meta.get("length"):
        length = int(meta["length"])
        spec["length"] = length
        if length > 255 and "marketo_type" not in meta:
            spec["type"] = "text"
    return spec
