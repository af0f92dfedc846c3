"""Salesforce's metadata of the publish models' objects, in the source format of its command line (`sf`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from loader.salesforce.objects import FieldSpec, ObjectSpec

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
LOADER_SET = "Customer_Health_Loader"
READER_SET = "Customer_Health_Reader"
Tree = Sequence[tuple[str, "str | Tree"]]
"""Elements in order: name, and text or more elements."""


def write(objects: Sequence[ObjectSpec], folder: Path) -> list[Path]:
    """Write the files, over those that are there.

    Returns:
        Their paths below the folder, sorted.
    """
    files = dict(_files(objects))
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return sorted(files)


def _files(objects: Sequence[ObjectSpec]) -> Iterator[tuple[Path, str]]:
    for each in objects:
        home = Path("objects") / each.name
        for one in each.fields:
            yield home / "fields" / f"{one.name}.field-meta.xml", _xml("CustomField", _field(each, one))
        if each.custom:
            yield home / f"{each.name}.object-meta.xml", _xml("CustomObject", _object(each))
            name = f"{each.name}-{each.label} Layout.layout-meta.xml"
            yield Path("layouts") / name, _xml("Layout", _layout(each))
    for name, label, edits in (
        ()
        if not objects
        else (
            (LOADER_SET, "Customer Health Loader", True),
            (READER_SET, "Customer Health Reader", False),
        )
    ):
        tree = _permissions(objects, label, edits=edits)
        yield Path("permissionsets") / f"{name}.permissionset-meta.xml", _xml("PermissionSet", tree)


def _object(each: ObjectSpec) -> Tree:
    letters = "".join(word[0] for word in each.label.split())
    return [
        ("deploymentStatus", "Deployed"),
        ("description", each.help[:1000]),
        ("enableActivities", "false"),
        ("enableReports", "true"),
        ("enableSearch", "false"),
        ("label", each.label),
        (
            "nameField",
            [("displayFormat", f"{letters}-{{0000000}}"), ("label", f"{each.label} Number"), ("type", "AutoNumber")],
        ),
        ("pluralLabel", each.label if each.label.endswith("Usage") else f"{each.label}s"),
        ("sharingModel", "Read"),
    ]


def _field(owner: ObjectSpec, each: FieldSpec) -> Tree:
    tree: list[tuple[str, str | Tree]] = [("fullName", each.name)]
    if each.key:
        tree.append(("caseSensitive", "true"))
    if each.type == "Checkbox":
        tree.append(("defaultValue", "false"))
    if each.type == "Lookup":
        tree.append(("deleteConstraint", "SetNull"))
    if each.help:
        tree.append(("description", each.help))
    if each.type in ("Text", "LongTextArea", "Number"):
        tree.append(("externalId", str(each.key).lower()))
    if each.help:
        tree.append(("inlineHelpText", each.help))
    tree.append(("label", each.label))
    if each.length:
        tree.append(("length", str(each.length)))
    if each.type in ("Number", "Percent", "Currency"):
        tree.append(("precision", "18"))
    if each.type == "Lookup":
        tree += [
            ("referenceTo", each.refers_to),
            ("relationshipLabel", owner.label),
            ("relationshipName", owner.name.removesuffix("__c")),
        ]
    if each.type not in ("Checkbox", "LongTextArea"):
        tree.append(("required", "false"))
    if each.type in ("Number", "Percent", "Currency"):
        tree.append(("scale", str(each.scale)))
    tree.append(("type", each.type))
    if each.type == "Text":
        tree.append(("unique", str(each.key).lower()))
    if each.type == "LongTextArea":
        tree.append(("visibleLines", "3"))
    return tree


def _layout(each: ObjectSpec) -> Tree:
    """Reasons beside what they are of: fields in the model's order, in two columns, read from left to right."""
    links = [one for one in each.fields if one.type == "Lookup"]
    rest = [one for one in each.fields if one.type != "Lookup"]
    names = ["Name", *(one.name for one in (*links, *rest))]
    columns: list[tuple[str, str | Tree]] = [
        ("layoutColumns", [("layoutItems", [("behavior", "Readonly"), ("field", name)]) for name in names[side::2]])
        for side in (0, 1)
    ]
    section: Tree = [
        ("customLabel", "true"),
        ("detailHeading", "true"),
        ("editHeading", "true"),
        ("label", each.label),
        *columns,
        ("style", "TwoColumnsLeftToRight"),
    ]
    return [("layoutSections", section)]


def _permissions(objects: Sequence[ObjectSpec], label: str, *, edits: bool) -> Tree:
    what = "Writes customer health" if edits else "Reads customer health"
    tree: list[tuple[str, str | Tree]] = [("description", f"{what}; written by the loader's metadata command.")]
    for each in objects:
        for one in each.fields:
            name = f"{each.name}.{one.name}"
            granted = [("editable", str(edits).lower()), ("field", name), ("readable", "true")]
            tree.append(("fieldPermissions", granted))
    tree += [("hasActivationRequired", "false"), ("label", label)]
    tree += [("objectPermissions", _object_permissions(each, edits=edits)) for each in objects]
    if edits:
        tree.append(("userPermissions", [("enabled", "true"), ("name", "ApiEnabled")]))
    return tree


def _object_permissions(each: ObjectSpec, *, edits: bool) -> Tree:
    """A custom object is the loader's own; of a standard one it only changes records."""
    own = edits and each.custom
    return [
        ("allowCreate", str(own).lower()),
        ("allowDelete", str(own).lower()),
        ("allowEdit", str(edits).lower()),
        ("allowRead", "true"),
        ("modifyAllRecords", str(own).lower()),
        ("object", each.name),
        ("viewAllRecords", str(edits).lower()),
    ]


def _xml(kind: str, tree: Tree) -> str:
    root = ElementTree.Element(kind, xmlns=NAMESPACE)
    _grow(root, tree)
    ElementTree.indent(root, "    ")
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _grow(parent: ElementTree.Element, tree: Tree) -> None:
    for name, content in tree:
        child = ElementTree.SubElement(parent, name)
        if isinstance(content, str):
            child.text = content
        else:
            _grow(child, content)
