"""Objects and fields from a dbt manifest's publish models (design section 7)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.schema import Field, ObjectType
from sandbox.store import Store

LABELS = ("Production", "Non-Production", "Staging", "Obsolete", "Geo Secondary Node")
_TYPES = (
    ("STRING", re.compile(r"(var)?char|text|string")),
    ("DATETIME", re.compile(r"timestamp|datetime")),
    ("DATE", re.compile(r"date")),
    ("BOOLEAN", re.compile(r"bool")),
    ("NUMBER", re.compile(r"\w*int|double|float|real|decimal|numeric|number")),
)
_INTEGER = re.compile(r"\w*int(eger)?\b")


def provision(store: Store, manifest_path: Path) -> list[str]:
    """Create objects and fields that are missing; what is there stays as it is.

    Args:
        store: the tenant.
        manifest_path: dbt's `target/manifest.json`.

    Returns:
        The objects and fields added, for people.
    """
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    added = []
    for node, publish in publish_models(manifest, "gainsight"):
        name = publish["object"]
        known = store.get(name)
        obj = known or ObjectType(name)
        specs = list(_field_specs(node, publish))
        extended = obj.extended(Field.from_spec(each) for each in specs)
        store.define(extended)
        added += [] if known else [name]
        added += [f"{name}.{each.name}" for each in extended.own_fields[len(obj.own_fields) :]]
    return sorted(added)


def api_type(data_type: str) -> str:
    """The API's type for a contract's `data_type`; what is not known is text."""
    for kind, pattern in _TYPES:
        if pattern.match(data_type.strip().lower()):
            return kind
    return "STRING"


def is_whole(data_type: str) -> bool:
    """Whether a contract's `data_type` is of whole numbers."""
    return _INTEGER.match(data_type.strip().lower()) is not None


def column_meta(column: Mapping[str, Any]) -> dict[str, Any]:
    """A column's meta, wherever it stands."""
    return {**(column.get("meta") or {}), **((column.get("config") or {}).get("meta") or {})}


def publish_models(manifest: Mapping[str, Any], destination: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Models that are published to a destination, and what their meta says of that."""
    for node in manifest["nodes"].values():
        publish = node.get("config", {}).get("meta", {}).get("publish")
        if publish and publish.get("destination") == destination:
            yield node, publish


def _field_specs(node: Mapping[str, Any], publish: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    columns = {name.lower(): column for name, column in node.get("columns", {}).items()}
    for column_name, field_name in (publish.get("fields") or {}).items():
        yield _column_spec(field_name, columns.get(column_name.lower(), {}))
    for lookup in (publish.get("lookups") or {}).values():
        yield {"name": lookup["field"], "type": "LOOKUP", "lookup": lookup["object"]}
    labels = publish.get("labels") or {}
    if labels.get("field"):
        yield {"name": labels["field"], "type": "PICKLIST", "options": list(LABELS)}


def _column_spec(name: str, column: Mapping[str, Any]) -> dict[str, Any]:
    data_type = column.get("data_type") or "varchar"
    kind = api_type(data_type)
    spec: dict[str, Any] = {"name": name, "type": kind}
    meta = column_meta(column)
    if kind == "STRING" and meta.get("length"):
        spec["length"] = int(meta["length"])
    if kind == "NUMBER":
        spec["decimalPlaces"] = 0 if is_whole(data_type) else 9
    return spec
