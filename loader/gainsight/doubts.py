"""What fits a tenant's metadata and is probably not meant, and how this tenant keeps values; `check` says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Facts, Field, Finding
from loader.engine.doubting import Kinds, of_values
from loader.gainsight.client import Client
from loader.gainsight.comparing import IGNORED, MULTIPLE, ZONE, Comparing

KINDS = Kinds(percentage="PERCENTAGE", time="DATETIME", multiple=MULTIPLE)
_PAGES = 4
"""Pages of records that ids are compared with."""
_FEW = 200


class Doubts:
    """Looks at one tenant.

    Args:
        fields: the object's fields by name, by object.
    """

    def __init__(self, client: Client, comparing: Comparing, fields: Mapping[str, Mapping[str, Field]]) -> None:
        self._client, self._comparing, self._fields = client, comparing, fields

    def of(self, model: PublishModel, facts: Facts) -> Iterator[Finding]:
        """All there are about one model."""
        for field, problem, fix in (
            *of_values(model, self._fields[model.object], facts, KINDS),
            *self._ids(model, facts),
            *self._dates(model),
            *self._keys(model),
        ):
            yield Finding(model.name, model.object, field, problem, fix, schema=False, warning=True)

    def _ids(self, model: PublishModel, facts: Facts) -> Iterator[tuple[str, str, str]]:
        """Ids of ours that the tenant has in another form."""
        asked = [(each.column, each.field, each.object, each.match) for each in model.lookups]
        if model.mode == "update":
            asked += [
                (c, f, model.object, f)
                for c, f in zip(model.key_columns, model.key, strict=True)
                if model.kinds[c] == "text"
            ]
        for column, field, target, match in asked:
            ours = set(facts.samples.get(column, ()))
            pages = islice(self._client.query(target, [match], {match: ()}), _PAGES) if ours else ()
            theirs = {str(each[match]) for page in pages for each in page if each.get(match)}
            if ours and theirs:
                yield from _other_forms(field, ours - theirs, theirs, f"{target}.{match}")

    def _dates(self, model: PublishModel) -> Iterator[tuple[str, str, str]]:
        """DATE fields that stand at a time which is no midnight we know of."""
        names = [n for n in model.fields.values() if (f := self._fields[model.object].get(n)) and f.type == "DATE"]
        page = next(self._client.query(model.object, names, limit=_FEW), []) if names else []
        for name in names:
            times = sorted({t for each in page if (t := self._comparing.unlike_midnight(each.get(name)))})
            if times:
                yield name, f"stands at {', '.join(times[:3])} UTC: the tenant's midnight", f"set {ZONE} to its zone"

    def _keys(self, model: PublishModel) -> Iterator[tuple[str, str, str]]:
        """Whether text keys are compared without regard to case, or to spaces around."""
        for column, name in zip(model.key_columns, model.key, strict=True):
            if model.kinds[column] != "text" or name not in self._fields[model.object]:
                continue
            page = next(self._client.query(model.object, [name], {name: ()}, limit=_FEW), [])
            kept = [str(each[name]) for each in page if each.get(name)]
            lettered = next((each for each in kept if each.swapcase() != each), None)
            yield from self._probed(model, name, lettered, kept[:1])

    def _probed(
        self, model: PublishModel, name: str, lettered: str | None, any_key: Sequence[str]
    ) -> Iterator[tuple[str, str, str]]:
        asked = [("case", lettered.swapcase())] if lettered else []
        asked += [("space", f" {each} ") for each in any_key]
        for what, value in asked:
            found = any(self._client.query(model.object, [name], {name: [value]}))
            if found and what not in self._comparing.ignored:
                setting = ",".join(sorted({*self._comparing.ignored, what}))
                yield name, f"is compared without regard to {what}", f"set {IGNORED}={setting}"


def _other_forms(field: str, ours: set[str], theirs: set[str], where: str) -> Iterator[tuple[str, str, str]]:
    """What of our values the tenant has otherwise: 15 characters for 18, or in another case."""
    firsts, folded = {each[:15] for each in theirs}, {each.lower() for each in theirs}
    same_15 = [each for each in ours if len(each) in (15, 18) and each[:15] in firsts]
    if same_15:
        problem = f"{len(same_15)} ids have the same first 15 characters as one of {where}, and are not the same"
        yield field, problem, "publish ids in the form that Gainsight has (18 characters), or correct them there"
    other_case = [each for each in ours if each not in same_15 and each.lower() in folded]
    if other_case:
        yield field, f"{len(other_case)} ids differ from one of {where} in case alone", "correct them on one side"
