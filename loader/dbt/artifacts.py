"""dbt's artifacts: the manifest, the latest results, and the publish models among them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from loader.errors import MisuseError, RefusedError

MODES = ("upsert", "update", "mirror")
ON_GONE = ("leave", "clear", "delete")
_META_KEYS = {
    "destination",
    "object",
    "key",
    "mode",
    "on_gone",
    "fields",
    "lookups",
    "labels",
    "stamps",
    "run",
    "may_be_empty",
    "period",
    "order",
}
_KINDS = {
    "text": "varchar character varying text string char uuid",
    "integer": "integer int bigint smallint tinyint hugeint int64 int32 ubigint uinteger",
    "decimal": "decimal numeric number",
    "double": "double double precision float float4 float8 real",
    "boolean": "boolean bool",
    "date": "date",
    "timestamp": "timestamp timestamp_ntz datetime timestamp without time zone timestamp_s timestamp_ms",
}


@dataclass(frozen=True)
class Lookup:
    """A field filled with the id of another object's record, found by our value."""

    column: str
    field: str
    object: str
    match: str


@dataclass(frozen=True)
class Relation:
    """A table or view in the warehouse."""

    database: str
    schema: str
    name: str


@dataclass(frozen=True)
class PublishModel:
    """A mart relation and where its rows go (design section 7).

    Attributes:
        key: API names of the fields that identify a row.
        fields: API field name by column.
        kinds: kind of value (text, integer, decimal, double, boolean, date, timestamp) by column.
        labels: API name of the field that people at the destination fill, or None.
        on_gone: what becomes of the record of a row that left the mart: `leave`, `clear` (null in the fields that we
            fill) or `delete` (if we created it).
        stamps: columns that are sent with a row and are no reason to send it, such as the mart's day.
        run: the one among them that is filled with the run's id, or None; the mart has no value in it.
        may_be_empty: an empty model is nothing odd, such as a worklist that is done.
        period: the column that says which period a row is of, where that is not a date of the key.
        order: the column by whose values rows are sent, the smallest first; else the newest period comes first.
        ignored: what the destination is known to ignore in text keys, see `Compares`.
        patch_path: the yml that holds the contract, relative to its project, or "".
    """

    name: str
    unique_id: str
    relation: Relation
    destination: str
    object: str
    key: tuple[str, ...]
    mode: str
    fields: dict[str, str]
    lookups: tuple[Lookup, ...]
    kinds: dict[str, str]
    labels: str | None = None
    patch_path: str = ""
    on_gone: str = "leave"
    stamps: frozenset[str] = frozenset()
    run: str | None = None
    ignored: frozenset[str] = frozenset()
    may_be_empty: bool = False
    period: str | None = None
    order: str | None = None

    @cached_property
    def columns(self) -> list[str]:
        """Columns to publish: those of `fields`, then those of the look-ups that are not among them."""
        extra = [each.column for each in self.lookups if each.column not in self.fields]
        return [*self.fields, *dict.fromkeys(extra)]

    @cached_property
    def targets(self) -> list[str]:
        """API names of all fields that are filled."""
        return [*self.fields.values(), *(each.field for each in self.lookups)]

    @cached_property
    def key_columns(self) -> list[str]:
        """Columns of the key, in its order."""
        by_field = {field: column for column, field in self.fields.items()}
        return [by_field[field] for field in self.key]

    def with_key(self, key: tuple[str, ...]) -> PublishModel:
        """The same model with another key."""
        return replace(self, key=key)

    def row_key(self, parts: Sequence[str]) -> str:
        """The key as the state has it, of the canonical text of its parts."""
        kinds = (self.kinds[column] for column in self.key_columns)
        texts = (
            part if kind == "integer" else json.dumps(part, ensure_ascii=False)
            for part, kind in zip(parts, kinds, strict=True)
        )
        return f"[{','.join(texts)}]"

    def parts(self, row_key: str) -> list[Any]:
        """The key values of a row key."""
        found: list[Any] = json.loads(row_key)
        return found

    def key_values(self, row_key: str) -> dict[str, Any]:
        """Value by API field name of a row key."""
        return dict(zip(self.key, self.parts(row_key), strict=True))

    def key_record(self, row_key: str) -> str:
        """The same as JSON, as a destination looks for it."""
        return json.dumps(self.key_values(row_key))

    @property
    def period_column(self) -> str | None:
        """The column that says which period a row is of, or None."""
        dates = (c for c in self.key_columns if self.kinds[c] in ("date", "timestamp"))
        return self.period or next(dates, None)


def value_kind(data_type: str) -> str | None:
    """Kind of value of a warehouse type's name; None for a type that is not published."""
    plain = re.sub(r"\s*\(.*?\)", "", data_type).strip().lower()
    if plain in ("number", "decimal", "numeric") and re.search(r"\(\s*\d+\s*(,\s*0\s*)?\)", data_type):
        return "integer"
    return next((kind for kind, names in _KINDS.items() if f" {plain} " in f" {names} "), None)


class Artifacts:
    """What dbt left in its target folder."""

    def __init__(self, project_dir: Path) -> None:
        self.project_dir = project_dir
        folder = Path(os.environ.get("DBT_TARGET_PATH") or "target")
        self.folder = folder if folder.is_absolute() else project_dir / folder

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json.

        Raises:
            MisuseError: it is missing or broken.
        """
        return self._load("manifest.json", MisuseError)

    @cached_property
    def run_results(self) -> dict[str, Any]:
        """run_results.json.

        Raises:
            RefusedError: it is missing or broken.
        """
        return self._load("run_results.json", RefusedError)

    def _load(self, name: str, error: type[MisuseError | RefusedError]) -> dict[str, Any]:
        path = self.folder / name
        try:
            loaded = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise error(f"There is no {path}; run `dbt build` first.") from None
        except (OSError, ValueError):
            raise error(f"{path} cannot be read; run `dbt build` again.") from None
        if not isinstance(loaded, dict) or not isinstance(loaded.get("metadata"), dict):
            raise error(f"{path} is not one of dbt's artifacts; run `dbt build` again.")
        return loaded

    def relation(self, model: str) -> Relation:
        """Where a model of this name stands.

        Raises:
            MisuseError: there is no such model.
        """
        for node in self.manifest["nodes"].values():
            if node["resource_type"] == "model" and node["name"] == model:
                return _relation(node)
        raise MisuseError(f"The dbt project has no model {model}.")

    def seed(self, name: str) -> Path | None:
        """The file of a seed of this name."""
        for node in self.manifest["nodes"].values():
            if node["resource_type"] == "seed" and node["name"] == name:
                return self.project_dir / str(node["original_file_path"])
        return None

    def publish_models(self, select: tuple[str, ...] = (), destination: str | None = None) -> list[PublishModel]:
        """The models to publish, parents of a look-up and models without a period first.

        Args:
            select: names of models, or none for all.
            destination: only this destination's.

        Raises:
            MisuseError: a name is not a publish model, or a model's meta.publish is wrong.
        """
        found = {}
        for node in self.manifest["nodes"].values():
            meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
            if node["resource_type"] == "model" and "publish" in meta:
                found[node["name"]] = _publish_model(node, meta["publish"])
        if missing := [name for name in select if name not in found]:
            known = ", ".join(sorted(found)) or "none"
            raise MisuseError(f"Not a publish model: {', '.join(missing)}. The publish models are: {known}.")
        models = [m for m in found.values() if not select or m.name in select]
        if destination is not None:
            models = [m for m in models if m.destination == destination]
        if not models:
            of = f" of destination {destination}" if destination else ""
            raise MisuseError(f"The dbt project has no publish model{of} (config.meta.publish).")
        _refuse_shared_objects(models)
        created = {m.object for m in models if m.mode != "update"}
        return sorted(
            models, key=lambda m: (any(k.object in created for k in m.lookups), m.period_column is not None, m.name)
        )


def _relation(node: dict[str, Any]) -> Relation:
    return Relation(node.get("database") or "", node["schema"], node.get("alias") or node["name"])


def _refuse_shared_objects(models: list[PublishModel]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for model in models:
        other = seen.setdefault((model.destination, model.object.lower()), model.name)
        if other != model.name:
            raise MisuseError(f"{other} and {model.name} both publish to {model.object}; one object takes one model.")


def _publish_model(node: dict[str, Any], publish: Any) -> PublishModel:
    name = node["name"]

    def wrong(what: str) -> MisuseError:
        return MisuseError(f"Model {name}: config.meta.publish {what}.")

    if not isinstance(publish, dict):
        raise wrong("is not a mapping")
    if unknown := sorted(set(publish) - _META_KEYS):
        raise wrong(f"has the unknown key {unknown[0]}; known are {', '.join(sorted(_META_KEYS))}")
    for needed in ("destination", "object", "key", "fields"):
        if not publish.get(needed):
            raise wrong(f"lacks {needed}")
    fields, kinds = publish["fields"], _kinds(node)
    if not isinstance(fields, dict) or not all(isinstance(f, str) for f in fields.values()):
        raise wrong("fields must be a mapping from column to API field name")
    lookups = tuple(_lookup(c, each, wrong) for c, each in (publish.get("lookups") or {}).items())
    labels = (publish.get("labels") or {}).get("field")
    targets = [*fields.values(), *(each.field for each in lookups)]
    columns = [*fields, *(each.column for each in lookups), *(publish[n] for n in ("period", "order") if n in publish)]
    if absent := [c for c in columns if c not in kinds]:
        raise wrong(f"names the column {absent[0]}, which the contract lacks or gives no type to publish")
    if twice := [f for f in targets if targets.count(f) > 1]:
        raise wrong(f"fills the field {twice[0]} twice")
    if labels in targets:
        raise wrong(f"labels.field {labels} is filled by people and must not be published")
    key = _key(publish["key"], {field: kinds[column] for column, field in fields.items()}, wrong)
    stamps, run = _stamps(publish, fields, key, wrong)
    mode, on_gone = _mode(publish, wrong)
    return PublishModel(
        name, node["unique_id"], _relation(node), publish["destination"], publish["object"],
        key, mode, fields, lookups, kinds, labels, node.get("patch_path") or "", on_gone, stamps, run,
        may_be_empty=bool(publish.get("may_be_empty")), period=publish.get("period"), order=publish.get("order"),
    )  # fmt: skip


def _stamps(
    publish: dict[str, Any], fields: dict[str, str], key: tuple[str, ...], wrong: Any
) -> tuple[frozenset[str], str | None]:
    stamps = frozenset(publish.get("stamps") or ())
    if odd := sorted(each for each in stamps if fields.get(each) in (None, *key)):
        raise wrong(f"stamps {odd[0]} must be a column of fields that is not in the key")
    if (run := publish.get("run")) not in (None, *stamps):
        raise wrong(f"run {run} must be one of stamps")
    return stamps, run


def _key(given: Any, kinds: dict[str, str], wrong: Any) -> tuple[str, ...]:
    """The key's fields; `kinds` are those of all fields."""
    key = given if isinstance(given, list) else [given]
    if not 1 <= len(key) <= 3 or any(f not in kinds for f in key) or len(set(key)) < len(key):
        raise wrong("key must be one to three different API names out of fields")
    if odd := [f for f in key if kinds[f] not in ("text", "integer", "date")]:
        raise wrong(f"key {odd[0]} must be text, a whole number or a date")
    return tuple(key)


def _mode(publish: dict[str, Any], wrong: Any) -> tuple[str, str]:
    mode = publish.get("mode", "upsert")
    if mode not in MODES:
        raise wrong(f"mode is {mode!r}; known are {', '.join(MODES)}")
    on_gone = publish.get("on_gone", "delete" if mode == "mirror" else "leave")
    if on_gone not in ON_GONE:
        raise wrong(f"on_gone is {on_gone!r}; known are {', '.join(ON_GONE)}")
    if (mode == "mirror" and on_gone != "delete") or (mode == "update" and on_gone == "delete"):
        raise wrong(f"on_gone {on_gone} contradicts mode {mode}")
    return mode, on_gone


def _kinds(node: dict[str, Any]) -> dict[str, str]:
    if not (node.get("config", {}).get("contract") or {}).get("enforced"):
        raise MisuseError(f"Model {node['name']} is published, so its contract must be enforced.")
    columns = node.get("columns", {}).values()
    kinds = {column["name"]: value_kind(column.get("data_type") or "") for column in columns}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _lookup(column: str, given: Any, wrong: Any) -> Lookup:
    if not isinstance(given, dict) or set(given) != {"field", "object", "match"}:
        raise wrong(f"lookups.{column} needs field, object and match, and nothing else")
    return Lookup(column, given["field"], given["object"], given["match"])
