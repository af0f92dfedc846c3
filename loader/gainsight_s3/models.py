"""The publish models to Gainsight as files have them."""

from __future__ import annotations

from dataclasses import replace

from loader.dbt.artifacts import PublishModel

NAME = "gainsight_s3"


def as_file(model: PublishModel) -> PublishModel:
    """A model as its file: nothing is looked up, found, created or taken away here, that is the job's.

    A look-up's column goes as it is, under its own name, and the job's Data Import Lookup finds the record. No id of a
    record is ever known, so what leaves the mart is left there, whatever `on_gone` says; `check` warns of that.
    """
    columns = {each.column: each.column for each in model.lookups if each.column not in model.fields}
    return replace(
        model,
        destination=NAME,
        fields={**model.fields, **columns},
        lookups=(),
        labels=None,
        mode="upsert",
    )
