"""How pings land: on time, late, twice, under two ids, broken; and the count of what landed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sample.dirt import damage
from sample.model import Customer, Instance, Options, Ping, Subscription
from sample.strays import SAAS_UUID
from sample.writer import PingFiles, ping_line

LATE_EVERY, TWICE_EVERY, AGAIN_EVERY, RETRY_EVERY = 61, 83, 97, 109
"""One in so many pings of the bulk is late, repeated, repeated later, sent under two ids."""

LATE_WEEKS = 3
EXCLUDED_WEEK, BROKEN_WEEKS = 3, (2, 5)
HTML_ERROR = "<html><body><h1>502 Bad Gateway</h1></body></html>"
CSV_HEADER = "ping_id,received_at,payload"


@dataclass
class Landing:
    """Writes the pings of one week after another and counts them."""

    files: PingFiles
    render: Callable[[Ping], str]
    options: Options
    versions: dict[str, list[Subscription]]
    counts: Counter[str] = field(default_factory=Counter)
    excluded: list[tuple[str, str]] = field(default_factory=list)
    instances: set[tuple[str, str]] = field(default_factory=set)
    _held: list[tuple[int, str]] = field(default_factory=list)
    _bulk: int = 0

    def week(self, weeks_back: int, pings: Iterable[tuple[Ping, bool]]) -> None:
        """Land a week's pings; the flag says which belong to the bulk and may be damaged."""
        landed = self.options.as_of - timedelta(days=7 * weeks_back)
        name = f"pings_{landed:%Y-%m-%d}"
        batch = list(pings)
        if weeks_back == EXCLUDED_WEEK:
            self._exclude([ping for ping, in_bulk in batch if in_bulk])
        for ping, in_bulk in batch:
            if ping.instance.air_gapped:
                self._land_by_hand(ping)
            elif in_bulk:
                self._land_bulk(ping, name, weeks_back)
            else:
                self._write(ping, name)
        self._land_late(landed, weeks_back)
        if weeks_back in BROKEN_WEEKS:
            self._land_broken(landed, name, weeks_back)
        self.files.close_week()

    def _land_bulk(self, ping: Ping, name: str, weeks_back: int) -> None:
        self._bulk += 1
        if damage(ping, self._bulk):
            self.counts["damaged_pings"] += 1
        if self._bulk % LATE_EVERY == 0 and weeks_back >= LATE_WEEKS:
            self._held.append((weeks_back - LATE_WEEKS, self._line(ping)))
            self._count(ping)
            self.counts["late_pings"] += 1
            return
        self._write(ping, name)
        if self._bulk % TWICE_EVERY == 0:
            self._repeat(ping, name)
        if self._bulk % AGAIN_EVERY == 0:
            self._repeat(replace(ping, received_at=_later(ping.received_at)), name)
        if self._bulk % RETRY_EVERY == 0:
            retry = replace(ping, ping_id=f"{ping.ping_id}-retry", received_at=_later(ping.received_at))
            self.counts["retries_under_another_id"] += 1
            self._write(retry, name)

    def _line(self, ping: Ping) -> str:
        return ping_line(ping.ping_id, ping.received_at, self.render(ping))

    def _write(self, ping: Ping, name: str) -> None:
        self.files.add(ping.received_at.date(), name, self._line(ping))
        self._count(ping)

    def _repeat(self, ping: Ping, name: str) -> None:
        self.files.add(ping.received_at.date(), name, self._line(ping))
        self.counts["ping_lines"] += 1
        self.counts["repeated_ping_ids"] += 1

    def _land_by_hand(self, ping: Ping) -> None:
        name = f"{ping.instance.hostname}_{ping.received_at:%Y-%m-%d}"
        self.files.add_manual(name, self.render(ping))
        self.counts["manual_files"] += 1
        self.instances.add((ping.instance.uuid, ping.instance.hostname))

    def _land_late(self, landed: date, weeks_back: int) -> None:
        """A file of this week that holds pings received weeks before."""
        for due, line in self._held:
            if due == weeks_back:
                self.files.add(landed, f"late_{landed:%Y-%m-%d}", line, plain=True)
        self._held = [item for item in self._held if item[0] != weeks_back]

    def _land_broken(self, landed: date, name: str, weeks_back: int) -> None:
        """Lines that are not JSON: a cut one and an error page, later a stray header."""
        cut = '{"ping_id":"cut-off","received_at":"2026-01-01T00:00:00Z","payload":{"uuid":"8f'
        lines = (cut, HTML_ERROR) if weeks_back == BROKEN_WEEKS[1] else (CSV_HEADER,)
        for line in lines:
            self.files.add(landed, name, line)
            self.counts["lines_not_json"] += 1

    def _exclude(self, pings: list[Ping]) -> None:
        reasons = ("test of the customer's staff", "sent by a copied virtual machine")
        self.excluded = [(p.ping_id, why) for p, why in zip(pings, reasons, strict=False)]

    def _count(self, ping: Ping) -> None:
        self.counts["ping_lines"] += 1
        self.counts["distinct_ping_ids"] += 1
        if ping.received_at.date() > self.options.as_of:
            self.counts["after_as_of"] += 1
            return
        fate = self._fate(ping)
        self.counts[fate] += 1
        if fate not in ("invalid", "internal", "excluded"):
            self.instances.add(_instance_key(ping))

    def _fate(self, ping: Ping) -> str:
        """Mapped, or the reason why the ping leads to no scored subscription (domain 2.1, 2.3)."""
        instance = ping.instance
        if not ping.overrides.get("uuid", "set") or "VERSION" in ping.overrides.get("version", ""):
            return "invalid"
        if ping.ping_id in dict(self.excluded):
            return "excluded"
        if _is_internal(instance):
            return "internal"
        if ping.grant is None:
            return "no_license"
        if instance.lineage is None:
            return "license_unknown"
        day = ping.received_at.date()
        in_force = any(version.in_force(day) for version in self.versions[instance.lineage])
        return "mapped" if in_force else "no_active_subscription"


def _later(moment: datetime) -> datetime:
    """Some minutes later, on the same day."""
    return max(moment, min(moment + timedelta(minutes=37), moment.replace(hour=23, minute=59)))


def _is_internal(instance: Instance) -> bool:
    host = instance.hostname.lower()
    return (
        host == "gitlab.com"
        or host.endswith(".gitlab.com")
        or instance.installation_type == "gitlab-development-kit"
        or instance.uuid == SAAS_UUID
    )


def _instance_key(ping: Ping) -> tuple[str, str]:
    hostname = ping.overrides.get("hostname", ping.instance.hostname) or ""
    return ping.instance.uuid, hostname.strip().lower()


def versions_by_lineage(customers: Iterable[Customer]) -> dict[str, list[Subscription]]:
    """Every version of each lineage."""
    found: dict[str, list[Subscription]] = {}
    for customer in customers:
        for version in customer.subscriptions:
            found.setdefault(version.original_subscription_id, []).append(version)
    return found
