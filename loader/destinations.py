"""The destinations that the loader knows, and which of them are configured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from loader.config import setting
from loader.engine.destination import Destination
from loader.gainsight import Gainsight
from loader.salesforce import Salesforce

log = logging.getLogger("loader")
DESTINATIONS: dict[str, Callable[[], Destination]] = {"gainsight": Gainsight, "salesforce": Salesforce}


def configured(targets: Sequence[Destination]) -> list[Destination]:
    """Those that have an address, when any has, and nobody asked for another one by name."""
    known = [each for each in targets if each.connection]
    for each in targets if known else ():
        if each not in known:
            log.info("%s is not set: nothing is done for %s", setting(each.name), each.name)
    return known or list(targets)
