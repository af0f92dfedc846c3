"""What a benchmark found: sections of a table, kept as JSON per part, rendered into one Markdown page."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[1]
RESULTS = REPO / "build" / "bench"
PAGE = REPO / "docs" / "benchmarks.md"
PARTS = ("build", "publish", "salesforce")
PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb", "requests")


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing, shown as median and (min-max)."""

    values: tuple[float, ...]
    unit: str = "s"
    digits: int = 2

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        """`1.23 s (1.20-1.31)`, or one number alone when there is one."""
        shown = [f"{value:,.{self.digits}f}" for value in (self.median, min(self.values), max(self.values))]
        around = f" ({shown[1]}-{shown[2]})" if len(self.values) > 1 else ""
        return f"{shown[0]} {self.unit}".rstrip() + around


Cell = str | int | float | Spread | None


@dataclass
class Section:
    """One comparison.

    Attributes:
        title: its heading.
        compared: what is compared with what, and how, in a sentence or two.
        columns: the names of the columns.
        rows: cells in the order of the columns.
        target: what was asked for; empty when nothing was.
        met: whether the target is met; None when there is no target.
        explanation: what the numbers say; what bounds them where the target is not met.
    """

    title: str
    compared: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    target: str = ""
    met: bool | None = None
    explanation: str = ""


@dataclass
class Part:
    """The sections of one part (`build` or `publish`) with the conditions they were measured under."""

    name: str
    measured_on: str
    seconds: float
    quick: bool
    sections: list[Section]
    machine: dict[str, str] = field(default_factory=lambda: machine())
    versions: dict[str, str] = field(default_factory=lambda: {name: version(name) for name in PACKAGES})


def ratio(ours: Spread, other: Spread) -> Spread:
    """Ours over the other's, round by round where both ran in the same rounds, else median over median."""
    if len(ours.values) == len(other.values):
        return Spread(tuple(a / b for a, b in zip(ours.values, other.values, strict=True)), "x")
    return Spread((ours.median / other.median,), "x")


def machine() -> dict[str, str]:
    """Processor, cores, memory, system and Python."""
    cpu = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": cpu.split(":")[-1].strip(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def save(part: Part, folder: Path = RESULTS) -> Path:
    """Writes `<folder>/<part>.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{part.name}.json"
    path.write_text(json.dumps(asdict(part), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load(path: Path) -> Part:
    """Reads what `save` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    sections = [
        Section(**{**one, "rows": [[_cell(cell) for cell in row] for row in one["rows"]]}) for one in data["sections"]
    ]
    return Part(**{**data, "sections": sections})


def render(parts: Sequence[Part]) -> str:
    """The whole page: how to repeat it, a summary of targets, then each part with its conditions and tables."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` (`python -m benchmarks`); do not edit. Ratios matter, not seconds: what is",
        "compared ran in turns in one session. A cell is the median and, in brackets, the smallest and the",
        "largest of its runs. What these figures mean at 100,000 instances: [scale.md](scale.md).",
        "",
        "| | target | met |",
        "|---|---|---|",
        *(
            _row([f"{part.name}: {one.title}", one.target, _met(one)])
            for part in parts
            for one in part.sections
            if one.target
        ),
    ]
    for part in parts:
        lines += ["", f"## {part.name.capitalize()}", "", _conditions(part)]
        for section in part.sections:
            lines += ["", *_render_section(section)]
    return "\n".join(lines) + "\n"


def write_page(folder: Path = RESULTS, page: Path = PAGE) -> Path:
    """Renders every part that was measured, in the order of PARTS."""
    found = [load(folder / f"{name}.json") for name in PARTS if (folder / f"{name}.json").exists()]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(found), encoding="utf-8")
    return page


def _render_section(section: Section) -> list[str]:
    lines = [
        f"### {section.title}",
        "",
        section.compared,
        "",
        _row(section.columns),
        "|---" * len(section.columns) + "|",
    ]
    lines += [_row(row) for row in section.rows]
    if section.target:
        lines += ["", f"Target: {section.target}. **{_met(section)}**."]
    if section.explanation:
        lines += ["", section.explanation]
    return lines


def _row(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_shown(cell) for cell in cells) + " |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell).replace("|", "\\|")


def _met(section: Section) -> str:
    return {True: "met", False: "not met", None: "not judged"}[section.met]


def _conditions(part: Part) -> str:
    machine_text = ", ".join(f"{name} {value}" for name, value in part.machine.items())
    versions_text = ", ".join(f"{name} {value}" for name, value in part.versions.items())
    short = " A short run (`--quick`): too small to judge by." if part.quick else ""
    return f"{part.measured_on}, {part.seconds:,.0f} s in all. {machine_text}. {versions_text}.{short}"


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return Spread(tuple(value["values"]), value["unit"], value["digits"])
    cell: Cell = value
    return cell


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
