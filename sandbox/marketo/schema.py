"""Companies and custom objects, and how they describe themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from sandbox.marketo.settings import Switches

COMPANY = "Company"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
TEXTS = frozenset({"string", "text", "email", "url", "phone", "reference"})
WHOLE = frozenset({"integer", "score", "percent"})
DECIMALS = frozenset({"float", "currency"})
TYPES = TEXTS | WHOLE | DECIMALS | {"boolean", "date", "datetime"}
MOST_DEDUPE = 3
_LENGTHS = {"string": 255, "email": 255, "url": 255, "phone": 255, "reference": 255, "text": 30_000}


@dataclass(frozen=True)
class Field:
    """A field of an object.

    Attributes:
        name: its API name.
        type: as describe names it (`dataType`), in lower case.
        length: most characters of a text; of type text, most bytes.
        auto: made by the system, never written.
        dedupe: part of what records are told apart by.
        link: the field of Company that this one leads to.
    """

    name: str
    type: str
    label: str
    length: int | None = None
    auto: bool = False
    dedupe: bool = False
    link: str | None = None

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Field:
        """Read a field as tests write it.

        Args:
            spec: `name` and `type`; optional `label`, `length`, `dedupe`, `link`, `readOnly`.

        Raises:
            ValueError: when the name or type is not one the API could have.
        """
        name, kind = spec["name"], str(spec["type"]).lower()
        if not NAME.match(name) or kind not in TYPES:
            raise ValueError(f"not a field: {name!r} of type {kind!r}")
        return cls(
            name=name,
            type=kind,
            label=spec.get("label") or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").capitalize(),
            length=spec.get("length") or _LENGTHS.get(kind),
            auto=bool(spec.get("readOnly")),
            dedupe=bool(spec.get("dedupe")),
            link=spec.get("link"),
        )


@dataclass(frozen=True)
class ObjectType:
    """An object: its own fields, and those the system keeps."""

    name: str
    label: str
    created_at: str
    own_fields: tuple[Field, ...] = ()

    @property
    def key(self) -> str:
        """The name in lower case."""
        return self.name.lower()

    @property
    def custom(self) -> bool:
        """Whether somebody made it in this instance."""
        return self.name != COMPANY

    @property
    def kind(self) -> str:
        """CUSTOM or STANDARD."""
        return "CUSTOM" if self.custom else "STANDARD"

    @property
    def id_field(self) -> str:
        """The field that the system tells records apart by."""
        return "marketoGUID" if self.custom else "id"

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name."""
        if self.custom:
            own_id = Field("marketoGUID", "string", "Marketo GUID", 36, auto=True)
        else:
            own_id = Field("id", "integer", "Id", auto=True)
        created = Field("createdAt", "datetime", "Created At", auto=True)
        updated = Field("updatedAt", "datetime", "Updated At", auto=True)
        return {each.name: each for each in (created, own_id, updated, *self.own_fields)}

    @cached_property
    def dedupe(self) -> tuple[Field, ...]:
        """The fields that a caller tells records apart by."""
        return tuple(each for each in self.own_fields if each.dedupe)

    @cached_property
    def links(self) -> tuple[Field, ...]:
        """Fields that lead to a Company."""
        return tuple(each for each in self.own_fields if each.link)

    @cached_property
    def searchable(self) -> list[list[str]]:
        """What records can be looked up by."""
        keys = [each.name for each in self.dedupe]
        listed = [keys, [self.id_field]]
        more = [each.name for each in self.links] if self.custom else ["company"]
        return listed + [[name] for name in more if [name] not in listed]

    @cached_property
    def lookups(self) -> dict[str, Any]:
        """Nothing: pages show values as they are."""
        return {}

    @classmethod
    def made(cls, name: str, label: str, created_at: str) -> ObjectType:
        """A custom object without fields.

        Raises:
            ValueError: it is no name of one.
        """
        if not NAME.match(name) or name.lower() == COMPANY.lower():
            raise ValueError(f"not a custom object's name: {name!r}")
        return cls(name, label or name.removesuffix("_c").replace("_", " "), created_at)

    def extended(self, fields: Iterable[Field]) -> ObjectType:
        """The same object with more fields; fields it has stay as they are.

        Raises:
            ValueError: a custom object has no dedupe field, or more than three.
        """
        have = {name.lower() for name in self.fields}
        more = tuple(each for each in fields if each.name.lower() not in have)
        grown = replace(self, own_fields=self.own_fields + more)
        if not 1 <= len(grown.dedupe) <= MOST_DEDUPE:
            raise ValueError(f"{self.name}: 1 to {MOST_DEDUPE} dedupe fields are needed, not {len(grown.dedupe)}")
        return grown

    def to_json(self) -> dict[str, Any]:
        """Everything needed to make it again."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ObjectType:
        """The inverse of `to_json`."""
        return cls(**{**stored, "own_fields": tuple(Field(**each) for each in stored["own_fields"])})


BUILT_IN = ObjectType(
    COMPANY,
    "Company",
    "2015-05-11T17:11:32Z",
    (
        Field("externalCompanyId", "string", "External Company Id", 100, dedupe=True),
        Field("annualRevenue", "currency", "Annual Revenue"),
        Field("billingCity", "string", "Billing City", 255),
        Field("billingCountry", "string", "Billing Country", 255),
        Field("company", "string", "Company Name", 255),
        Field("companyNotes", "text", "Company Notes", 30_000),
        Field("industry", "string", "Industry", 255),
        Field("mainPhone", "phone", "Main Phone", 255),
        Field("numberOfEmployees", "integer", "Num Employees"),
        Field("site", "string", "Site", 255),
        Field("website", "url", "Website", 255),
    ),
)
"""The standard object, with some of its standard fields."""


def describe(obj: ObjectType, switches: Switches, *, fields: bool = True) -> dict[str, Any]:
    """The result of describe, or of the list, which has no fields."""
    told: dict[str, Any] = {"name": obj.name, "displayName": obj.label, "description": f"{obj.label} object"}
    if not obj.custom:
        del told["displayName"]
    told |= {"createdAt": obj.created_at, "updatedAt": obj.created_at, "idField": obj.id_field}
    told |= {"dedupeFields": [each.name for each in obj.dedupe], "searchableFields": obj.searchable}
    if obj.custom:
        to = "object" if fields else "relatedTo"
        told["relationships"] = [
            {"field": each.name, "type": "parent", to: {"name": COMPANY, "field": each.link}} for each in obj.links
        ]
    if fields:
        told["fields"] = [_described(obj, each, switches) for each in obj.fields.values()]
    return told


def _described(obj: ObjectType, field: Field, switches: Switches) -> dict[str, Any]:
    told: dict[str, Any] = {"name": field.name, "displayName": field.label, "dataType": field.type}
    if field.length is not None:
        told["length"] = field.length
    fixed = field.auto or (field.dedupe and not (obj.custom and switches.dedupe_updateable))
    return {**told, "updateable": not fixed}


def listed_field(field: Field) -> dict[str, Any]:
    """A field of Company as its list of fields has it."""
    told: dict[str, Any] = {"displayName": field.label, "name": field.name, "description": None}
    told["dataType"] = field.type
    if field.length is not None:
        told["length"] = field.length
    standard = {each.name for each in BUILT_IN.own_fields}
    flags = {"isHidden": False, "isHtmlEncodingInEmail": field.type in TEXTS, "isSensitive": False}
    return {**told, **flags, "isCustom": field.name not in standard, "isApiCreated": False}
