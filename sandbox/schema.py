"""Objects and fields, and how they describe themselves (contract sections 3.1, 4 and 5)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

TYPES = frozenset(
    {
        *("STRING", "GSID", "LOOKUP", "EMAIL", "URL", "RICHTEXTAREA", "PICKLIST"),
        *("MULTISELECTDROPDOWNLIST", "NUMBER", "PERCENTAGE", "CURRENCY", "BOOLEAN"),
        *("DATE", "DATETIME"),
    }
)
KEY_TYPES = frozenset({"STRING", "GSID", "LOOKUP", "NUMBER", "EMAIL"})
"""Types that may be keys of a PUT (section 3.3); a LOOKUP holds a GSID."""

PICKLISTS = frozenset({"PICKLIST", "MULTISELECTDROPDOWNLIST"})
NUMBERS = frozenset({"NUMBER", "CURRENCY", "PERCENTAGE"})
TEXTS = frozenset({"STRING", "EMAIL", "URL", "RICHTEXTAREA"})
_LENGTHS = {"GSID": 220, "LOOKUP": 220, "RICHTEXTAREA": 131_072, "URL": 1024, "PICKLIST": 255}
_LENGTHS |= {"STRING": 250, "EMAIL": 250, "MULTISELECTDROPDOWNLIST": 500}
_PREFIXES = {"company": "1P02", "gsuser": "1P01", "relationship": "1P05"}


def base36_of(text: str, length: int) -> str:
    """Letters and digits that always stand for this text."""
    return base36(int.from_bytes(hashlib.sha256(text.encode()).digest()))[-length:]


def base36(number: int) -> str:
    """A number in digits and capital letters."""
    digits = []
    while number:
        number, digit = divmod(number, 36)
        digits.append(BASE36[digit])
    return "".join(reversed(digits))


def _label(name: str) -> str:
    return name.removesuffix("__gc").replace("_", " ")


@dataclass(frozen=True)
class Option:
    """An item of a picklist."""

    label: str
    gsid: str
    active: bool = True


@dataclass(frozen=True)
class Field:
    """A field of an object.

    Attributes:
        length: longest text in characters; None for types without one.
        lookup: object that a LOOKUP points to, by its Gsid.
        group: STANDARD, CUSTOM or SYSTEM.
        iso_reply: a DATETIME that reads come back with as ISO text (record_delete_log).
    """

    name: str
    type: str
    label: str
    length: int | None = None
    required: bool = False
    createable: bool = True
    updateable: bool = True
    options: tuple[Option, ...] = ()
    lookup: str | None = None
    decimal_places: int = 0
    group: str = "CUSTOM"
    iso_reply: bool = False

    @property
    def lookup_name(self) -> str:
        """Name of the path to the fields of the object looked up, `X__gr`."""
        return self.name.removesuffix("__gc") + "__gr"

    @property
    def category_id(self) -> str:
        """GSID of the picklist's category."""
        return "1I00" + base36_of(f"category {self.name}", 32)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label by item GSID."""
        return {option.gsid: option.label for option in self.options}

    @cached_property
    def gsids(self) -> dict[str, str]:
        """Item GSID by label."""
        return {option.label: option.gsid for option in self.options}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Field:
        """Read a field as tests write it.

        Args:
            spec: `name` and `type`; optional `label`, `length`, `required`, `readOnly`,
                `createable`, `updateable`, `options` (labels, or dicts of `label` and `active`),
                `lookup` (an object's name), `decimalPlaces`.

        Raises:
            ValueError: when the name or type is not one the API could have.
        """
        name, kind = spec["name"], spec["type"]
        if not NAME.match(name) or kind not in TYPES:
            raise ValueError(f"not a field: {name!r} of type {kind!r}")
        if kind == "LOOKUP" and not spec.get("lookup"):
            raise ValueError(f"field {name}: a LOOKUP needs `lookup`, the object it points to")
        writable = not spec.get("readOnly", False)
        return cls(
            name=name,
            type=kind,
            label=spec.get("label") or _label(name),
            length=spec.get("length") or _LENGTHS.get(kind),
            required=bool(spec.get("required", False)),
            createable=bool(spec.get("createable", writable)),
            updateable=bool(spec.get("updateable", writable)),
            options=tuple(_option(name, each) for each in spec.get("options") or ()),
            lookup=spec.get("lookup"),
            decimal_places=spec.get("decimalPlaces", 0),
            group="CUSTOM" if name.endswith("__gc") else "STANDARD",
        )


@dataclass(frozen=True)
class ObjectType:
    """An object: its own fields, and the system fields every object has.

    Attributes:
        name: as in documentation paths, e.g. `Company`, `Instance_Usage__gc`.
        kind: STANDARD, CUSTOM or SYSTEM.
        transactional: a Low Volume custom object, which the data API writes.
        writable: whether the data API writes it.
    """

    name: str
    kind: str = "CUSTOM"
    transactional: bool = True
    writable: bool = True
    own_fields: tuple[Field, ...] = ()
    system_fields: bool = True
    label: str = ""

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise ValueError(f"not an object's name: {self.name!r}")

    @property
    def key(self) -> str:
        """The name in lower case, as the metadata endpoints write it."""
        return self.name.lower()

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name."""
        system = SYSTEM_FIELDS if self.system_fields else ()
        return {each.name: each for each in (*self.own_fields, *system)}

    @cached_property
    def lookups(self) -> dict[str, Field]:
        """LOOKUP fields by the name of their path, `X__gr`."""
        return {each.lookup_name: each for each in self.fields.values() if each.lookup}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the fields that may not be null."""
        return tuple(each.name for each in self.own_fields if each.required)

    @cached_property
    def key_prefix(self) -> str:
        """First 18 characters of the Gsid of every row."""
        return _PREFIXES.get(self.key, "1Z02") + base36_of(f"object {self.key}", 14)

    def extended(self, fields: Iterable[Field]) -> ObjectType:
        """The same object with more fields; fields it has stay as they are."""
        taken = {name.lower() for name in self.fields}
        more = tuple(each for each in fields if each.name.lower() not in taken)
        return replace(self, own_fields=self.own_fields + more)

    def to_json(self) -> dict[str, Any]:
        """Everything needed to make it again."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ObjectType:
        """The inverse of `to_json`."""
        own = tuple(
            Field(**{**each, "options": tuple(Option(**o) for o in each["options"])}) for each in stored["own_fields"]
        )
        return cls(**{**stored, "own_fields": own})


def _system(name: str, kind: str, label: str, lookup: str | None = None) -> Field:
    length = _LENGTHS.get(kind)
    return Field(name, kind, label, length, False, False, False, (), lookup, 0, "SYSTEM")


SYSTEM_FIELDS = (
    _system("Gsid", "GSID", "GSID"),
    _system("CreatedDate", "DATETIME", "GS Created Date"),
    _system("ModifiedDate", "DATETIME", "GS Modified Date"),
    _system("CreatedBy", "LOOKUP", "GS Created By", "gsuser"),
    _system("ModifiedBy", "LOOKUP", "GS Modified By", "gsuser"),
)


def _standard(name: str, kind: str, required: bool = False) -> Field:
    return Field(name, kind, _label(name), _LENGTHS.get(kind), required, group="STANDARD")


_LOG_FIELDS = (
    _standard("RecordId", "STRING"),
    replace(_standard("DeletedOn", "DATETIME"), iso_reply=True),
    _standard("ObjectName", "STRING"),
)
DELETE_LOGS = ("record_delete_log", "record_delete_log_high_volume")
BUILT_IN = (
    ObjectType(
        "Company",
        "STANDARD",
        transactional=False,
        own_fields=(_standard("Name", "STRING", True), _standard("SfdcAccountId", "STRING")),
        label="Company",
    ),
    ObjectType(
        "gsuser",
        "STANDARD",
        transactional=False,
        writable=False,
        own_fields=(
            _standard("Name", "STRING", True),
            _standard("Email", "EMAIL"),
            _standard("IsActiveUser", "BOOLEAN"),
        ),
        label="User",
    ),
    ObjectType(
        "call_to_action",
        "STANDARD",
        transactional=False,
        writable=False,
        own_fields=(
            _standard("Name", "STRING", True),
            replace(_standard("CompanyId", "LOOKUP"), lookup="Company"),
            replace(_standard("OwnerId", "LOOKUP"), lookup="gsuser"),
            *(_standard(name, "STRING") for name in ("Type", "Reason", "Status", "Priority")),
            _standard("DueDate", "DATE"),
            _standard("Comments", "RICHTEXTAREA"),
            _standard("IsClosed", "BOOLEAN"),
            _standard("ReferenceId", "STRING"),
        ),
        label="Call To Action",
    ),
    *(ObjectType(name, "SYSTEM", False, False, _LOG_FIELDS, system_fields=False, label=name) for name in DELETE_LOGS),
)
"""Objects a tenant has from the start, as far as a loader of health rows meets them."""


def list_entry(obj: ObjectType) -> dict[str, Any]:
    """An item of GET objects/list."""
    return {
        "objectName": obj.key,
        "label": obj.label or _label(obj.name),
        "objectType": obj.kind,
        "keyPrefix": obj.key_prefix,
        "transactional": obj.transactional,
        "multiCurrencySupported": False,
        "readable": True,
        "createable": obj.writable,
        "schemaUpdateable": obj.kind != "SYSTEM",
    }


def describe(obj: ObjectType, *, options: bool) -> dict[str, Any]:
    """An item of a describe reply; `options` says whether picklists list their items."""
    label = obj.label or _label(obj.name)
    return {
        "objectName": obj.key,
        "label": label,
        "objectType": obj.kind,
        "labelPlural": label,
        "keyPrefix": obj.key_prefix,
        "fields": [_describe_field(obj, each, options) for each in obj.fields.values()],
    }


def _describe_field(obj: ObjectType, each: Field, options: bool) -> dict[str, Any]:
    meta = _field_meta(obj, each)
    entry: dict[str, Any] = {
        "fieldName": each.name,
        "label": each.label,
        "dataType": each.type,
        "objectName": obj.key,
        "meta": meta,
    }
    if each.type in PICKLISTS:
        meta["properties"]["PICKLIST_CATEGORY"] = each.label
        meta["properties"]["PICKLIST_CATEGORY_ID"] = each.category_id
        if options:
            entry["options"] = [
                _describe_option(each, option, order) for order, option in enumerate(each.options, start=1)
            ]
    return entry


def _field_meta(obj: ObjectType, each: Field) -> dict[str, Any]:
    multiple = each.type == "MULTISELECTDROPDOWNLIST"
    meta: dict[str, Any] = {
        "properties": {"sourceType": "GSID" if each.type == "LOOKUP" else each.type},
        "filterable": True,
        "sortable": not multiple,
        "groupable": not multiple,
        "createable": each.createable,
        "updateable": each.updateable,
        "formulaField": False,
        "hasLookup": each.lookup is not None,
        "required": each.required,
        "richText": each.type == "RICHTEXTAREA",
        "nillable": not each.required,
        "readOnly": not (each.createable or each.updateable),
        "dependentPicklist": False,
        "fieldGroupType": each.group,
        "selfLookup": (each.lookup or "").lower() == obj.key,
        "indexed": each.group == "SYSTEM",
        "decimalPlaces": each.decimal_places,
        "hidden": False,
        "nameField": each.name == "Name",
        "aggregatable": True,
    }
    if each.length is not None:
        meta["length"] = each.length
    if each.lookup is not None:
        meta["lookupDetail"] = {
            "lookupName": each.lookup_name,
            "fieldName": "Gsid",
            "fieldLabel": "GSID",
            "lookupObjects": [{"objectName": each.lookup.lower(), "label": _label(each.lookup)}],
        }
    return meta


def _describe_option(each: Field, option: Option, order: int) -> dict[str, Any]:
    return {
        "active": option.active,
        "defaultValue": False,
        "label": option.label,
        "validFor": None,
        "value": option.gsid,
        "displayOrder": order,
        "group": None,
        "groupId": each.category_id,
        "color": None,
        "controllerValues": None,
        "description": "",
        "systemName": option.label,
    }


def _option(field_name: str, given: str | Mapping[str, Any]) -> Option:
    spec: Mapping[str, Any] = {"label": given} if isinstance(given, str) else given
    gsid = spec.get("gsid") or "1I00" + base36_of(f"item {field_name} {spec['label']}", 32)
    return Option(spec["label"], gsid, bool(spec.get("active", True)))
