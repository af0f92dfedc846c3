"""Whether the publish models fit the destination's own metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination, Field, Finding
from loader.errors import MisuseError


def findings(destination: Destination, models: Sequence[PublishModel]) -> list[Finding]:
    """What keeps models' rows from being sent: objects and fields that are not there, read-only, or of another type."""
    destination.describe([model.object for model in models])
    return [each for model in models for each in _model_findings(destination, model)]


def must_fit(destination: Destination, models: Sequence[PublishModel]) -> None:
    """Read the metadata, and go on only when rows can be sent.

    Raises:
        MisuseError: an object or field is missing, read-only or of another type.
    """
    found = [each for each in findings(destination, models) if each.schema]
    if found:
        lines = "; ".join(f"{f.model}: {f.object}.{f.field} {f.problem} ({f.fix})" for f in found[:5])
        more = f" (and {len(found) - 5} more; `check` lists them)" if len(found) > 5 else ""
        raise MisuseError(f"The destination does not fit: {lines}{more}. Nothing was sent.")


def _model_findings(destination: Destination, model: PublishModel) -> Iterator[Finding]:
    fields, types = destination.fields(model.object), destination.types

    def found(field: str, problem: str, fix: str) -> Finding:
        return Finding(model.name, model.object, field, problem, fix)

    if fields is None:
        yield found(
            "",
            "the object does not exist",
            f"create {model.object} as a {destination.object_kind}, or correct `object`",
        )
        return
    for column, name in model.fields.items():
        kind = model.kinds[column]
        yield from _field_findings(destination, model, (name, fields.get(name)), types[kind], f"{kind} column {column}")
    for each in model.lookups:
        yield from _field_findings(destination, model, (each.field, fields.get(each.field)), {"LOOKUP"}, "look-up")
        target = fields[each.field].lookup if each.field in fields else ""
        if target and target != each.object.lower():
            yield found(each.field, f"points to {target}, the model says {each.object}", "correct lookups in the model")
    sent = {*model.fields.values(), *(each.field for each in model.lookups)}
    if model.mode != "update":
        for name, field in fields.items():
            if not (field.nillable or field.defaulted) and field.createable and name not in sent:
                yield found(name, "is required, and the model does not fill it", "publish it, or make it optional")
    if model.labels and model.labels not in fields:
        yield found(model.labels, "the label field does not exist", "create it, or correct labels.field")
    for name, problem, fix in destination.misfits(model):
        yield found(name, problem, fix)


def _field_findings(
    destination: Destination, model: PublishModel, named: tuple[str, Field | None], types: set[str], what: str
) -> Iterator[Finding]:
    name, field = named

    def found(problem: str, fix: str) -> Finding:
        return Finding(model.name, model.object, name, problem, fix)

    if field is None:
        yield found("the field does not exist", destination.advice(model.object, name, "absent"))
        return
    if field.type not in types:
        yield found(f"is of type {field.type}, the model sends a {what}", f"use {' or '.join(sorted(types))}")
    only_found = name in model.key and model.mode == "update"
    if (not field.updateable and not only_found) or (not field.createable and model.mode != "update"):
        yield found("is read-only", destination.advice(model.object, name, "read-only"))
