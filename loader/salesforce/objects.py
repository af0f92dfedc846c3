"""What the publish models need an org to have: objects and fields, said once for metadata, page and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loader.dbt.artifacts import value_kind
from loader.errors import MisuseError

LONGEST_NAME = 40
"""Characters of a custom field's or object's API name, without `__c`; of a label, too."""
LONGEST_HELP = 510
LONGEST_TEXT = 255
_KINDS = {"text": "Text", "integer": "Number", "decimal": "Number", "double": "Number", "boolean": "Checkbox"}
_KINDS |= {"date": "Date", "timestamp": "DateTime"}
_TYPES = ("Text", "LongTextArea", "Number", "Percent", "Currency", "Checkbox", "Date", "DateTime", "Url")
_SCALE = 2
_WHOLE = {"Seats", "Users", "Count"}
"""Words in a field's name that stand for things that are counted."""
_PRECISION = 18


@dataclass(frozen=True)
class FieldSpec:
    """A custom field.

    Attributes:
        type: as in metadata: Text, LongTextArea, Number, Percent, Currency, Checkbox, Date, DateTime, Url, Lookup.
        length: characters of a text.
        scale: digits behind the point of a number.
        key: an external id, unique, case-sensitive.
        refers_to: the object that a lookup points to.
    """

    name: str
    label: str
    type: str
    help: str
    length: int = 0
    scale: int = 0
    key: bool = False
    refers_to: str = ""

    @property
    def shape(self) -> str:
        """Type and size as an administrator reads them."""
        match self.type:
            case "Text" | "LongTextArea":
                return f"{self.type}({self.length})"
            case "Number" | "Percent" | "Currency":
                return f"{self.type}({_PRECISION - self.scale}, {self.scale})"
            case "Lookup":
                return f"Lookup({self.refers_to})"
        return self.type


@dataclass(frozen=True)
class ObjectSpec:
    """An object, and the fields that a model fills.

    Attributes:
        custom: whether it is to be created; a standard object is there.
        mode: the publish model's.
        model: the publish model's name.
        key: the field that rows are found by.
    """

    name: str
    label: str
    custom: bool
    mode: str
    model: str
    key: str
    help: str
    fields: tuple[FieldSpec, ...] = field(default=())


def objects(nodes: Iterable[Mapping[str, Any]]) -> list[ObjectSpec]:
    """Objects of the publish models to Salesforce, standard ones first.

    Args:
        nodes: `name`, `description`, `publish` (its config.meta.publish) and `columns` (name, description, data_type,
            and meta) of models.

    Raises:
        MisuseError: a name is one that Salesforce does not take, or a column has no type to publish.
    """
    found = [_object(node) for node in nodes if node["publish"].get("destination") == "salesforce"]
    return sorted(found, key=lambda each: (each.custom, each.name))


def of_manifest(manifest: Mapping[str, Any]) -> list[ObjectSpec]:
    """The same from dbt's manifest."""
    nodes = []
    for node in manifest["nodes"].values():
        publish = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}.get("publish")
        if node.get("resource_type") == "model" and isinstance(publish, dict):
            columns = list(node.get("columns", {}).values())
            nodes.append({**node, "publish": publish, "columns": columns})
    return objects(nodes)


def _object(node: Mapping[str, Any]) -> ObjectSpec:
    publish = node["publish"]
    name, key = publish["object"], publish["key"]
    keys = [key] if isinstance(key, str) else list(key)
    custom = name.endswith("__c")
    mode = publish.get("mode", "upsert")
    columns = {str(column["name"]).lower(): column for column in node["columns"]}
    fields: list[FieldSpec] = []
    for column, api_name in publish["fields"].items():
        if api_name in keys and mode == "update":
            continue  # the org's own: that is how it tells its records apart
        fields.append(_field(node["name"], columns.get(column.lower(), {}), api_name, key=api_name in keys))
    for column, lookup in (publish.get("lookups") or {}).items():
        text = _help(columns.get(column.lower(), {}))
        fields.append(FieldSpec(lookup["field"], _label(lookup["field"]), "Lookup", text, refers_to=lookup["object"]))
    for each in (name, *(one.name for one in fields)):
        _check_name(node["name"], each)
    return ObjectSpec(
        name, _label(name), custom, mode, node["name"], keys[0], _plain(node.get("description")), tuple(fields)
    )


def _field(model: str, column: Mapping[str, Any], name: str, *, key: bool) -> FieldSpec:
    meta = {**(column.get("meta") or {}), **((column.get("config") or {}).get("meta") or {})}
    kind = value_kind(str(column.get("data_type") or ""))
    if kind is None:
        raise MisuseError(f"Model {model}: {name} is of a column without a type to publish.")
    told = meta.get("salesforce_type") or _guess(name, kind)
    if told not in _TYPES:
        raise MisuseError(f"Model {model}: salesforce_type of {name} is {told}; known are {', '.join(_TYPES)}.")
    length = int(meta.get("length") or LONGEST_TEXT)
    if told == "Text" and length > LONGEST_TEXT:
        told = "LongTextArea"
    texts = told in ("Text", "LongTextArea")
    number = told in ("Number", "Percent", "Currency")
    whole = kind == "integer" or (told == "Number" and _WHOLE & set(name.removesuffix("__c").split("_")))
    scale = int(meta.get("scale", 0 if whole and told == "Number" else _SCALE)) if number else 0
    return FieldSpec(name, _label(name), told, _help(column), length if texts else 0, scale, key)


def _guess(name: str, kind: str) -> str:
    """The type that a name and a kind of value stand for."""
    plain = name.removesuffix("__c")
    if kind == "text" and plain.endswith("_URL"):
        return "Url"
    if kind in ("double", "decimal", "integer") and plain.endswith("_Pct"):
        return "Percent"
    if kind in ("double", "decimal") and plain.split("_")[-1] in ("ARR", "Amount"):
        return "Currency"
    return _KINDS[kind]


def _label(name: str) -> str:
    words = name.removesuffix("__c").replace("_", " ")
    return words.removesuffix(" Pct") + " (%)" if words.endswith(" Pct") else words


def _check_name(model: str, name: str) -> None:
    plain = name.removesuffix("__c")
    if len(plain) > LONGEST_NAME or "__" in plain or not plain.replace("_", "").isalnum() or not plain[0].isalpha():
        raise MisuseError(
            f"Model {model}: {name} is no name that Salesforce takes: letters, digits and single underscores,"
            f" at most {LONGEST_NAME} before __c."
        )


def _plain(text: Any) -> str:
    return " ".join(str(text or "").split())


def _help(column: Mapping[str, Any]) -> str:
    return _plain(column.get("description"))[:LONGEST_HELP]
