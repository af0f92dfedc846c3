"""Deploying metadata in source format, as the vendor's command line does: objects, fields, permission sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.store import Store

_NS = "{http://soap.sforce.com/2006/04/metadata}"
_TYPES = {"Text": "string", "LongTextArea": "textarea", "Number": "double", "Percent": "percent"}
_TYPES |= {"Currency": "currency", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime"}
_TYPES |= {"Lookup": "reference", "Picklist": "picklist", "Email": "email", "Url": "url", "Phone": "phone"}


@dataclass(frozen=True)
class Deployed:
    """What a deployment did.

    Attributes:
        added: objects and fields that were not there.
        fields: all fields of the folder.
        unseen: those of them that no permission set lets its users edit: the user does not see them.
    """

    added: list[str]
    fields: frozenset[str]
    unseen: frozenset[str]


def deploy(store: Store, folder: Path) -> Deployed:
    """Create what is missing; what is there stays as it is.

    Args:
        store: the org.
        folder: holds `objects` and `permissionsets`.

    Raises:
        ValueError: a file is no metadata, refers to what is not there, or a permission set grants what is none.
    """
    added: list[str] = []
    for path in sorted(folder.glob("objects/*/*.object-meta.xml")):
        added += _deploy_object(store, path)
    files = sorted(folder.glob("objects/*/fields/*.field-meta.xml"))
    for path in files:
        added += _deploy_field(store, path)
    granted: set[str] = set()
    for path in sorted(folder.glob("permissionsets/*.permissionset-meta.xml")):
        granted |= _granted(store, path)
    fields = frozenset(f"{path.parent.parent.name}.{path.name.partition('.')[0]}" for path in files)
    return Deployed(added, fields, fields - granted)


def _deploy_object(store: Store, path: Path) -> Iterator[str]:
    tree = _read(path, "CustomObject")
    name = path.parent.name
    if path.name != f"{name}.object-meta.xml":
        raise ValueError(f"{path}: the file and its folder have different names")
    naming = tree.find(f"{_NS}nameField")
    for needed in ("label", "pluralLabel", "deploymentStatus", "sharingModel"):
        _text(tree, needed, path)
    if naming is None:
        raise ValueError(f"{path}: a custom object needs a nameField")
    if store.get(name) is None:
        auto = _text(naming, "type", path) == "AutoNumber"
        store.define(ObjectType.custom(name, _text(tree, "label", path), name_auto=auto))
        yield name


def _deploy_field(store: Store, path: Path) -> Iterator[str]:
    tree = _read(path, "CustomField")
    owner, name = path.parent.parent.name, _text(tree, "fullName", path)
    obj = store.get(owner)
    if path.name != f"{name}.field-meta.xml" or not name.endswith("__c"):
        raise ValueError(f"{path}: fullName is {name}")
    if obj is None:
        raise ValueError(f"{path}: there is no object {owner}")
    field = Field.from_spec(_spec(tree, name, path))
    if field.reference_to and store.get(field.reference_to) is None:
        raise ValueError(f"{path}: referenceTo {field.reference_to} is not there")
    if name.lower() not in obj.by_key:
        store.define(obj.extended([field]))
        yield f"{owner}.{name}"


def _spec(tree: ElementTree.Element, name: str, path: Path) -> Mapping[str, Any]:
    kind = _text(tree, "type", path)
    if kind not in _TYPES:
        raise ValueError(f"{path}: type {kind} is not known")
    spec: dict[str, Any] = {"name": name, "type": _TYPES[kind], "label": _text(tree, "label", path)}
    if len(spec["label"]) > 40 or len(name) > 43:
        raise ValueError(f"{path}: label and name have at most 40 characters")
    if len(tree.findtext(f"{_NS}inlineHelpText") or "") > 510:
        raise ValueError(f"{path}: inlineHelpText has at most 510 characters")
    if kind in ("Text", "LongTextArea"):
        spec["length"] = int(_text(tree, "length", path))
    if kind == "Text" and not 1 <= spec["length"] <= 255:
        raise ValueError(f"{path}: a Text has 1 to 255 characters")
    if kind in ("Number", "Percent", "Currency"):
        spec["precision"], spec["scale"] = int(_text(tree, "precision", path)), int(_text(tree, "scale", path))
    if kind == "Lookup":
        spec["referenceTo"] = _text(tree, "referenceTo", path)
        _text(tree, "relationshipName", path)
    if kind == "Checkbox":
        _text(tree, "defaultValue", path)
    for ours, theirs in (("externalId", "externalId"), ("unique", "unique"), ("caseSensitive", "caseSensitive")):
        spec[ours] = tree.findtext(f"{_NS}{theirs}") == "true"
    return spec


def _granted(store: Store, path: Path) -> set[str]:
    """The fields that a permission set lets its users edit."""
    granted = set()
    for each in _read(path, "PermissionSet").iter(f"{_NS}fieldPermissions"):
        name = _text(each, "field", path)
        owner, _, field = name.partition(".")
        obj = store.get(owner)
        if obj is None or field.lower() not in obj.by_key:
            raise ValueError(f"{path}: no field {name}")
        if _text(each, "editable", path) == "true":
            granted.add(name)
    return granted


def _read(path: Path, kind: str) -> ElementTree.Element:
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314
    except ElementTree.ParseError as error:
        raise ValueError(f"{path}: {error}") from error
    if root.tag != f"{_NS}{kind}":
        raise ValueError(f"{path}: is no {kind}")
    return root


def _text(tree: ElementTree.Element, name: str, path: Path) -> str:
    text = tree.findtext(f"{_NS}{name}")
    if not text:
        raise ValueError(f"{path}: {name} is missing")
    return text
