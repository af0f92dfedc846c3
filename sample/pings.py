"""When an instance pings, and what the planned ping holds."""

from __future__ import annotations

from datetime import timedelta

from sample.clock import at, stream, window_start
from sample.licensing import digest
from sample.model import Instance, Options, Ping

WEEKS_BETWEEN_VISITS = 4
"""How often somebody carries the payload of an air-gapped instance out by hand."""


def week_ping(instance: Instance, weeks_back: int, options: Options) -> Ping | None:
    """The ping of one week, or None when the instance is silent in it.

    The same arguments give the same ping, so a ping can be planned twice: once to be written
    and once for the truth.
    """
    day = options.as_of - timedelta(days=7 * weeks_back + instance.phase)
    if not instance.reports_from <= day <= instance.reports_until:
        return None
    if day < window_start(options.as_of, options.months):
        return None
    if instance.air_gapped and weeks_back % WEEKS_BETWEEN_VISITS:
        return None
    key = (options.seed, instance.uuid, instance.hostname, day.isoformat())
    random = stream(*key).random
    if random() >= instance.reliability:
        return None
    received = at(day, 600 + int(random() * 80_000))
    delay = 0 if instance.air_gapped else int(40 + random() ** 6 * 170_000)
    recorded = received - timedelta(seconds=delay, milliseconds=-int(random() * 1000) if delay else 0)
    return Ping(
        instance=instance,
        ping_id=digest("/".join(map(str, key)), 10),
        received_at=received,
        recorded_at=recorded,
        version=instance.version_on(day),
        grant=instance.grant_on(day),
        usage=instance.usage(day),
        overrides=dict(instance.overrides),
        recorded_format=0 if random() < 0.6 else 1 + int(random() * 2),
    )
