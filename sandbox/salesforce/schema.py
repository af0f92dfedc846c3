"""Objects and fields, and how they describe themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.settings import Switches

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
TEXTS = frozenset({"string", "textarea", "email", "url", "phone"})
PICKLISTS = frozenset({"picklist", "multipicklist"})
NUMBERS = frozenset({"double", "currency", "percent", "int"})
TYPES = TEXTS | PICKLISTS | NUMBERS | {"id", "reference", "boolean", "date", "datetime"}
_LENGTHS = {"string": 255, "textarea": 32_768, "email": 80, "url": 255, "phone": 40, "picklist": 255}
_LENGTHS |= {"multipicklist": 4099, "id": 18, "reference": 18}
_SOAP = {"double": "double", "currency": "double", "percent": "double", "int": "int", "boolean": "boolean"}
_SOAP |= {"date": "date", "datetime": "dateTime"}


@dataclass(frozen=True)
class Field:
    """A field of an object.

    Attributes:
        type: as describe names it, in lower case.
        length: most characters.
        precision, scale: all digits of a number, and those behind the point.
        case_sensitive: an external id whose values differ by case.
        reference_to: the object that a reference points to.
        auto: made by the platform, never written.
    """

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    required: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: str | None = None
    auto: bool = False

    @property
    def custom(self) -> bool:
        """Whether somebody made it in this org."""
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """Name of the path to the record pointed to."""
        if not self.reference_to:
            return None
        return self.name.removesuffix("__c") + "__r" if self.custom else self.name.removesuffix("Id")

    def exact(self, switches: Switches) -> bool:
        """Whether text of it is compared case and all."""
        return self.type in ("id", "reference") or (self.case_sensitive and not switches.case_blind)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Field:
        """Read a field as tests write it.

        Args:
            spec: `name` and `type`; optional `label`, `length`, `precision`, `scale`, `externalId`, `unique`,
                `caseSensitive`, `required`, `options`, `restricted`, `referenceTo`, `readOnly`.

        Raises:
            ValueError: when the name or type is not one the API could have.
        """
        name, kind = spec["name"], str(spec["type"]).lower()
        if not NAME.match(name) or kind not in TYPES:
            raise ValueError(f"not a field: {name!r} of type {kind!r}")
        if kind == "reference" and not spec.get("referenceTo"):
            raise ValueError(f"field {name}: a reference needs `referenceTo`")
        number = kind in NUMBERS and kind != "int"
        return cls(
            name=name,
            type=kind,
            label=spec.get("label") or name.removesuffix("__c").replace("_", " "),
            length=spec.get("length") or _LENGTHS.get(kind, 0),
            precision=spec.get("precision", 18) if number else 0,
            scale=spec.get("scale", 2) if number else 0,
            external_id=bool(spec.get("externalId")),
            unique=bool(spec.get("unique")),
            case_sensitive=bool(spec.get("caseSensitive")),
            required=bool(spec.get("required")),
            values=tuple(spec.get("options") or ()),
            restricted=bool(spec.get("restricted")),
            reference_to=spec.get("referenceTo"),
            auto=bool(spec.get("readOnly")),
        )


@dataclass(frozen=True)
class ObjectType:
    """An object: its own fields, and those every object has."""

    name: str
    label: str
    prefix: str
    own_fields: tuple[Field, ...] = ()
    name_auto: bool = False
    """Whether `Name` is a number that the platform gives."""

    @property
    def key(self) -> str:
        """The name in lower case."""
        return self.name.lower()

    @property
    def kind(self) -> str:
        """CUSTOM or STANDARD."""
        return "CUSTOM" if self.name.endswith("__c") else "STANDARD"

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name."""
        name = Field("Name", "string", "Name", 80, required=not self.name_auto, auto=self.name_auto)
        every = (SYSTEM[0], *(() if self.kind == "STANDARD" else (name,)), *self.own_fields, *SYSTEM[1:])
        return {each.name: each for each in every}

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """All fields by name in lower case."""
        return {name.lower(): each for name, each in self.fields.items()}

    @cached_property
    def relations(self) -> dict[str, Field]:
        """References by the name of their path, in lower case."""
        return {each.relationship.lower(): each for each in self.fields.values() if each.relationship}

    @cached_property
    def lookups(self) -> dict[str, Any]:
        """Nothing: pages show ids as they are."""
        return {}

    @classmethod
    def custom(cls, name: str, label: str = "", *, name_auto: bool = True) -> ObjectType:
        """A custom object without fields.

        Raises:
            ValueError: it is no name of one.
        """
        if not NAME.match(name) or not name.endswith("__c"):
            raise ValueError(f"not a custom object's name: {name!r}")
        label = label or name.removesuffix("__c").replace("_", " ")
        return cls(name, label, ids.custom_prefix(name.lower()), name_auto=name_auto)

    def extended(self, fields: Iterable[Field]) -> ObjectType:
        """The same object with more fields; fields it has stay as they are."""
        more = tuple(each for each in fields if each.name.lower() not in self.by_key)
        return replace(self, own_fields=self.own_fields + more)

    def to_json(self) -> dict[str, Any]:
        """Everything needed to make it again."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ObjectType:
        """The inverse of `to_json`."""
        own = tuple(Field(**{**each, "values": tuple(each["values"])}) for each in stored["own_fields"])
        return cls(**{**stored, "own_fields": own})


def _system(name: str, kind: str, reference_to: str | None = None) -> Field:
    return Field(name, kind, name, _LENGTHS.get(kind, 0), reference_to=reference_to, auto=True)


SYSTEM = (
    _system("Id", "id"),
    _system("CreatedDate", "datetime"),
    _system("CreatedById", "reference", "User"),
    _system("LastModifiedDate", "datetime"),
    _system("LastModifiedById", "reference", "User"),
)
_TYPES = ("Prospect", "Customer - Direct", "Customer - Channel", "Other")
BUILT_IN = (
    ObjectType(
        "Account",
        "Account",
        "001",
        (
            Field("Name", "string", "Account Name", 255, required=True),
            Field("AccountNumber", "string", "Account Number", 40),
            Field("Type", "picklist", "Account Type", 255, values=_TYPES),
            Field("Website", "url", "Website", 255),
            Field("ParentId", "reference", "Parent Account ID", 18, reference_to="Account"),
        ),
    ),
    ObjectType(
        "User",
        "User",
        "005",
        (
            Field("Name", "string", "Full Name", 121, required=True),
            Field("Username", "string", "Username", 80),
        ),
    ),
)
"""Objects an org has from the start, as far as a loader of health rows meets them."""


def visible(obj: ObjectType, switches: Switches) -> bool:
    """Whether the user may see the object."""
    return obj.name not in switches.hidden


def visible_fields(obj: ObjectType, switches: Switches) -> dict[str, Field]:
    """The fields that the user may see, by name in lower case."""
    if not any(each.startswith(f"{obj.name}.") for each in switches.hidden):
        return obj.by_key
    return {key: each for key, each in obj.by_key.items() if f"{obj.name}.{each.name}" not in switches.hidden}


def summary(obj: ObjectType, root: str) -> dict[str, Any]:
    """What every list says of an object."""
    base = f"{root}/sobjects/{obj.name}"
    return {
        "name": obj.name,
        "label": obj.label,
        "labelPlural": obj.label + "s",
        "keyPrefix": obj.prefix,
        "custom": obj.kind == "CUSTOM",
        "createable": obj.name != "User",
        "updateable": obj.name != "User",
        "deletable": obj.name != "User",
        "queryable": True,
        "retrieveable": True,
        "searchable": True,
        "undeletable": obj.name != "User",
        "triggerable": True,
        "deprecatedAndHidden": False,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }


def describe(obj: ObjectType, switches: Switches, root: str) -> dict[str, Any]:
    """The reply of describe."""
    fields = [describe_field(obj, each, switches) for each in visible_fields(obj, switches).values()]
    return {**summary(obj, root), "childRelationships": [], "recordTypeInfos": [], "fields": fields}


def describe_field(obj: ObjectType, each: Field, switches: Switches) -> dict[str, Any]:
    """One field of a describe."""
    writable = not each.auto and f"{obj.name}.{each.name}" not in switches.locked
    return {
        "name": each.name,
        "label": each.label,
        "type": each.type,
        "soapType": "tns:ID" if each.type in ("id", "reference") else f"xsd:{_SOAP.get(each.type, 'string')}",
        "length": each.length,
        "byteLength": each.length * 3,
        "digits": 9 if each.type == "int" else 0,
        "precision": each.precision,
        "scale": each.scale,
        "custom": each.custom,
        "externalId": each.external_id,
        "idLookup": each.external_id or each.type == "id",
        "unique": each.unique,
        "caseSensitive": each.exact(switches) and each.type == "string",
        "nameField": each.name == "Name",
        "nillable": not each.required and each.type not in ("id", "boolean"),
        "defaultedOnCreate": each.auto or each.type == "boolean",
        "createable": writable,
        "updateable": writable,
        "permissionable": each.custom and not each.required,
        "autoNumber": each.name == "Name" and obj.name_auto,
        "calculated": False,
        "filterable": each.type != "textarea",
        "sortable": each.type not in ("textarea", "multipicklist"),
        "groupable": each.type not in ("textarea", "multipicklist"),
        "htmlFormatted": False,
        "encrypted": False,
        "deprecatedAndHidden": False,
        "picklistValues": [_item(value) for value in each.values],
        "restrictedPicklist": each.restricted,
        "referenceTo": [each.reference_to] if each.reference_to else [],
        "relationshipName": each.relationship,
        "defaultValue": False if each.type == "boolean" else None,
        "inlineHelpText": None,
    }


def _item(value: str) -> dict[str, Any]:
    return {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
