"""The destinations that the loader knows, and which of them are configured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from loader.config import setting
from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination
from loader.gainsight import Gainsight
from loader.gainsight_cta import GainsightCta
from loader.gainsight_s3 import GainsightS3, addressed, as_file
from loader.marketo import Marketo
from loader.salesforce import Salesforce

log = logging.getLogger("loader")
DESTINATIONS: dict[str, Callable[[], Destination]] = {
    "gainsight": Gainsight,
    "gainsight_cta": GainsightCta,
    "gainsight_s3": GainsightS3,
    "salesforce": Salesforce,
    "marketo": Marketo,
}
FORMS = {"gainsight_s3": ("gainsight", as_file, addressed)}
"""Destinations that take another one's models: whose, in which form, and whether they have an address."""


def source(name: str | None) -> str | None:
    """The destination whose models one takes."""
    return FORMS[name][0] if name in FORMS else name


def in_forms(models: Sequence[PublishModel], only: str | None) -> list[PublishModel]:
    """The models, and once more those that a destination takes in a form of its own: one that was asked for, or, when
    nobody asked for one, that has an address."""
    found = [] if only in FORMS else list(models)
    for name, (of, form, has_address) in FORMS.items():
        if only == name or (only is None and has_address()):
            found += [form(each) for each in models if each.destination == of]
    return found


def configured(targets: Sequence[Destination]) -> list[Destination]:
    """Those that have an address, when any has, and nobody asked for another one by name."""
    known = [each for each in targets if each.connection]
    for each in targets if known else ():
        if each not in known:
            log.info("%s is not set: nothing is done for %s", setting(each.name), each.name)
    return known or list(targets)
