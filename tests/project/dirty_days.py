"""Thirty days of a raw folder as life has them: files that are late, corrected, repeated, removed, renamed; labels too.

Everything is drawn from one seed. What a file said under a name it no longer has stays in the mart, so a file is renamed
as it was read and not corrected afterwards, and files that were archived are back on the last day.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from raw_folder import RawFolder

FIRST_DAY = date(2026, 6, 1)
DAYS = 30
CUSTOMERS = 6
Line = dict[str, Any] | str


class DirtyDays:
    """A raw folder on disk, and what happens to it day by day."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = Random(seed)
        self.raw = RawFolder()
        self.files: dict[str, list[Line]] = {}
        self.archived: dict[str, list[Line]] = {}
        self.frozen: set[str] = set()
        self.read: dict[str, str] = {}
        self.hosts = {number: f"git{number}.example" for number in range(2 * CUSTOMERS)}
        self.happened: dict[str, int] = {}
        self._start()

    def _start(self) -> None:
        for number in range(CUSTOMERS):
            owner = "csm@us.example" if number % 2 else ""
            self.raw.account(f"A{number}", csm_email=owner)
            self.raw.subscription(f"S{number}", f"A{number}", "2025-01-15", seats=100 + number, arr=1000 * number)
            if number % 3:
                self.raw.label(f"uuid-{number}", self.hosts[number])
        for number in self.hosts:
            self._put(self._name("start"), [self._ping(number, date(2026, month, 18)) for month in (2, 3, 4, 5)])

    def day(self, number: int) -> date:
        """What happens on one day, from 1 on; returns the day."""
        today = FIRST_DAY + timedelta(number - 1)
        self._new(today)
        for kind in self.random.sample(KINDS, 4):
            kind(self, today)
            name = kind.__name__.strip("_")
            self.happened[name] = self.happened.get(name, 0) + 1
        if number == DAYS:
            self.files |= self.archived
            self.archived = {}
        return today

    def write(self) -> Path:
        """The folder as it is now; what is gone is deleted."""
        pings = self.folder / "service_pings"
        pings.mkdir(parents=True, exist_ok=True)
        self.raw.write(self.folder)
        for path in [path for path in pings.rglob("*") if path.is_file()]:
            if str(path.relative_to(pings)) not in self.files:
                path.unlink()
        for name, lines in self.files.items():
            text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines).encode()
            path = pings / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)
        self.read = {name: repr(lines) for name, lines in self.files.items()}
        return self.folder

    def _name(self, kind: str) -> str:
        ending = self.random.choice(("jsonl", "jsonl.gz"))
        return f"{self.random.choice('abc')}/{kind}-{self.random.randrange(10**6):06}.{ending}"

    def _put(self, name: str, lines: list[Line]) -> None:
        self.files[name] = lines

    def _ping(self, number: int, day: date, **changes: Any) -> dict[str, Any]:
        uuid = f"uuid-{number % CUSTOMERS}" if number < CUSTOMERS else f"uuid-more-{number}"
        licence = {"license_subscription_id": f"S{number % CUSTOMERS}", "license_plan": "premium"}
        counts = {name: self.random.randrange(100) for name in ("activated", "active", "git", "builds", "pipelines")}
        at = f"{day}T{self.random.randrange(24):02}:{self.random.randrange(60):02}:00Z"
        payload = self.raw.payload(
            uuid, self.hosts[number], at, licence, merge_requests=day.toordinal() % 1000, **counts
        )
        self.raw.ping_count += 1
        return {"ping_id": f"p{self.raw.ping_count:05}", "received_at": at, "payload": payload, **changes}

    def _some(self) -> str:
        """A file that may be touched."""
        return self.random.choice(sorted(set(self.files) - self.frozen))

    def _held(self, count: int) -> list[dict[str, Any]]:
        """Pings that came before, as they are."""
        lines = [line for name in sorted(self.files) for line in self.files[name] if isinstance(line, dict)]
        return [json.loads(json.dumps(line)) for line in self.random.sample(lines, count)]

    # What may happen on a day -------------------------------------------------------------------------

    def _new(self, today: date) -> None:
        senders = self.random.sample(sorted(self.hosts), 3)
        self._put(self._name("new"), [self._ping(number, today) for number in senders])

    def _late(self, today: date) -> None:
        """A file of earlier days, and one line of a day to come."""
        days = [today - timedelta(self.random.randrange(1, 70)) for _ in range(3)] + [today + timedelta(3)]
        self._put(self._name("late"), [self._ping(self.random.choice(sorted(self.hosts)), day) for day in days])

    def _corrected(self, today: date) -> None:
        """A file is delivered again: the same ids, other numbers, one line less and one more."""
        lines = [line for line in self.files[name] if isinstance(line, dict)] if (name := self._some()) else []
        for line in lines:
            line["payload"]["license_billable_users"] = self.random.randrange(100)
        self._put(name, [*lines[1:], self._ping(self.random.choice(sorted(self.hosts)), today)])

    def _grown(self, today: date) -> None:
        name = self._some()
        self._put(name, [*self.files[name], self._ping(self.random.choice(sorted(self.hosts)), today)])

    def _repeated(self, today: date) -> None:
        """Pings come again in another file: the same, earlier, later, and the same arrival with another number."""
        same, earlier, later, other = self._held(4)
        earlier["received_at"] = "2026-02-01T00:00:00Z"
        later["received_at"] = f"{today}T23:59:00Z"
        other["payload"]["license_billable_users"] = self.random.randrange(100)
        self._put(self._name("again"), [same, earlier, later, other])

    def _removed(self, _: date) -> None:
        """A file is archived."""
        name = self._some()
        self.archived[name] = self.files.pop(name)

    def _renamed(self, _: date) -> None:
        """A file is moved, as it was read."""
        unchanged = {name for name, lines in self.files.items() if self.read.get(name) == repr(lines)}
        new = self._name("moved")
        self.files[new] = self.files.pop(self.random.choice(sorted(unchanged - self.frozen)))
        self.frozen.add(new)

    def _host_renamed(self, today: date) -> None:
        number = self.random.choice(sorted(self.hosts))
        self.hosts[number] = f"git{number}-{today.day}.example"

    def _labelled(self, today: date) -> None:
        number = self.random.choice(sorted(self.hosts))
        at = today - timedelta(self.random.randrange(40))
        uuid = f"uuid-{number}" if number < CUSTOMERS else f"uuid-more-{number}"
        label = self.random.choice(("Production", "Staging", "Obsolete", "Sandbox"))
        self.raw.label(uuid, self.hosts[number], label, f"{at}T08:00:00Z")

    def _relabelled(self, _: date) -> None:
        """A label is changed where it stands, another is deleted."""
        labels = self.raw.tables["instance_labels"]
        self.random.choice(labels)["label"] = self.random.choice(("Production", "Non-Production"))
        if len(labels) > 6:
            labels.remove(self.random.choice(labels))

    def _edited(self, _: date) -> None:
        """The CRM is edited."""
        row = self.random.choice(self.raw.tables["subscriptions"])
        row.update(self.random.choice(({"status": "Cancelled"}, {"seats": self.random.randrange(1, 500)}, {"arr": 7})))
        owner = {"csm_email": self.random.choice(("", "csm@us.example"))}
        self.random.choice(self.raw.tables["accounts"]).update(owner)

    def _broken(self, today: date) -> None:
        """Lines that are no pings, one without uuid, and one that is excluded by hand."""
        nobody = self._ping(0, today)
        nobody["payload"]["uuid"] = None
        excluded = self._ping(1, today)
        self.raw.add("excluded_pings", ping_id=excluded["ping_id"], reason="test")
        name = self._name("broken")
        self._put(name, ["{", '{"ping_id": 1}', nobody, excluded])
        self.frozen.add(name)


KINDS: list[Callable[[DirtyDays, date], None]] = [
    DirtyDays._late,
    DirtyDays._corrected,
    DirtyDays._grown,
    DirtyDays._repeated,
    DirtyDays._removed,
    DirtyDays._renamed,
    DirtyDays._host_renamed,
    DirtyDays._labelled,
    DirtyDays._relabelled,
    DirtyDays._edited,
    DirtyDays._broken,
]
