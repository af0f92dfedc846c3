"""The destinations that the loader knows, and which of them are configured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from loader.config import setting
from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination
from loader.gainsight_s3 import GainsightS3, addressed, as_file

log = logging.getLogger("loader")


def _gainsight() -> Destination:
    from loader.gainsight import Gainsight

    return Gainsight()


def _gainsight_cta() -> Destination:
    from loader.gainsight_cta import GainsightCta

    return GainsightCta()


def _salesforce() -> Destination:
    from loader.salesforce import Salesforce

    return Salesforce()


def _marketo() -> Destination:
    from loader.marketo import Marketo

    return Marketo()


DESTINATIONS: dict[str, Callable[[], Destination]] = {
    "gainsight": _gainsight,
    "gainsight_cta": _gainsight_cta,
    "gainsight_s3": GainsightS3,
    "salesforce": _salesforce,
    "marketo": _marketo,
}
"""How each is made. Its package is read when it is: a run speaks to one or two of them, and begins a tenth of a second
earlier without the others."""
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
