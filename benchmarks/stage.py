"""What the measurements of the build share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.dbt import Cost, Home
from benchmarks.warm import Warm


@dataclass
class Stage:
    """What the measurements of one session share.

    Attributes:
        home: the folder for data and databases.
        months: how long the installations are seen in `base` and in `years`.
        quick: whether to measure as little as shows that all of it works.
        week: the files of the week that comes after both.
        parsed: dbt's parse of the project, the first one and one of nothing new.
        warm: dbt, with that behind it.
        fixed: what the nodes of COMPARED cost on an empty folder, as often as it was measured.
        full: ours and the reference on `base`, without the fixed cost.
        extraction: seconds by the clock of the extraction in the last of these.
    """

    home: Path
    months: tuple[int, int]
    quick: bool
    week: list[Path]
    parsed: tuple[Cost, Cost]
    warm: Warm
    fixed: list[Cost] = field(default_factory=list)
    full: list[tuple[Cost, Cost]] = field(default_factory=list)
    extraction: float = 0.0

    @property
    def years(self) -> Path:
        """The raw folder of all months."""
        return self.home / "years"

    @property
    def base(self) -> Path:
        """The raw folder of the last of them, 1 GB."""
        return self.home / "base"

    @property
    def empty(self) -> Path:
        """The raw folder with nothing to do."""
        return self.home / "empty"

    @property
    def ours(self) -> Home:
        """Where dbt runs a copy of the project."""
        return self.warm.home

    @property
    def built(self) -> Path:
        """The database of a full build of `base`, kept."""
        return self.home / "base.duckdb"

    def usual_fixed(self) -> Cost:
        """The fixed cost as the median run had it."""
        return sorted(self.fixed, key=lambda cost: cost.nodes)[len(self.fixed) // 2]
