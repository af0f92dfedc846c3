"""What people label in the destination comes back as raw input of the mart."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from loader.dbt.artifacts import Artifacts, PublishModel, Relation
from loader.dbt.profile import Target, read_yaml, rendered
from loader.engine.check import findings
from loader.engine.destination import Destination
from loader.errors import MisuseError
from loader.warehouse import State, raw_labels

COLUMNS = ("uuid", "hostname", "label", "labelled_by", "labelled_at")
VOCABULARY = "instance_type_aliases"
"""The seed of the words that dbt takes for a type."""
CLEARED = "Unknown"
"""What stands in the raw labels for a label that was taken out."""
Row = tuple[str, str, str, str, str]
Host = tuple[str, str]


@dataclass
class Pulled:
    """What came of reading one object's labels. Lists of rows are in the order of `COLUMNS`.

    Attributes:
        read: labels that the destination has of instances of ours.
        new, changed, cleared: what was appended: first labels, other ones than before, and those that were taken out.
        unknown: those that are no type known to the project; they are not appended.
        older: those among the appended that a later label from elsewhere stands above.
        contradicted: those of several records of one instance that do not count, for another one is newer.
        strangers: key and label of records of no instance of ours.
        gone: those pulled once whose record is not there any more; they still stand in the raw labels.
    """

    read: int = 0
    new: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    cleared: list[Row] = field(default_factory=list)
    unknown: list[Row] = field(default_factory=list)
    older: list[Row] = field(default_factory=list)
    contradicted: list[Row] = field(default_factory=list)
    strangers: list[tuple[str, str]] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)

    @property
    def appended(self) -> list[Row]:
        """All rows that were appended."""
        return [*self.new, *self.changed, *self.cleared]


@dataclass(frozen=True)
class _Known:
    """What the raw labels say of one instance.

    Attributes:
        newest: the newest label.
        pulled: the newest one that came from the destination.
    """

    newest: Row
    pulled: Row | None


def pull_labels(
    destination: Destination, model: PublishModel, artifacts: Artifacts, state: State, target: Target
) -> Pulled:
    """Append labels that are new, changed or taken out to the raw labels.

    Raises:
        MisuseError: the object or its label field is not there, or the raw labels cannot be read.
    """
    if any(each.field in ("", model.labels, *model.key) for each in findings(destination, [model])):
        raise MisuseError(f"{model.object} or its label field {model.labels} is not there; `check` says more.")
    raw: _File | _Table = _File(artifacts) if target.kind == "duckdb" else _Table(artifacts, state, target)
    known, pulled = _by_host(raw.rows(), destination.name), Pulled()
    there = _there(destination, model, state, artifacts.relation("dim_instances"), pulled)
    words = _vocabulary(artifacts)
    for host, given in there.items():
        _compare(pulled, _counting(pulled, given), known.get(_same_host(*host)), words)
    here = {_same_host(*host) for host in there}
    gone = (each.pulled for host, each in known.items() if each.pulled and host not in here)
    pulled.gone = sorted(row for row in gone if _word(row[2]) != _word(CLEARED))
    raw.append(pulled.appended)
    return pulled


def _there(
    destination: Destination, model: PublishModel, state: State, instances: Relation, pulled: Pulled
) -> dict[Host, list[Row]]:
    """What the destination's records say, by instance."""
    there: dict[Host, list[Row]] = {}
    for page in destination.labels(model):
        names = raw_labels.instance_names(state, instances, [each.key for each in page])
        for each in page:
            if each.key in names:
                by = f"{destination.name}: {each.by}" if each.by else destination.name
                stamp = each.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                there.setdefault(names[each.key], []).append((*names[each.key], each.label, by, stamp))
            elif each.label:
                pulled.strangers.append((each.key, each.label))
    pulled.read = sum(any(row[2] for row in rows) for rows in there.values())
    return there


def _counting(pulled: Pulled, given: list[Row]) -> Row:
    """The row that counts of several records of one instance: the newest that has a label, then the first by name."""
    labelled = sorted((row for row in given if row[2]), key=lambda row: row[2])
    labelled.sort(key=lambda row: row[4], reverse=True)
    pulled.contradicted += [row for row in labelled[1:] if _word(row[2]) != _word(labelled[0][2])]
    return labelled[0] if labelled else given[0]


def _compare(pulled: Pulled, row: Row, known: _Known | None, words: set[str]) -> None:
    """Sort a label under what is to be done with it."""
    before = known.pulled[2] if known and known.pulled else None
    if not row[2]:
        if before and _word(before) != _word(CLEARED):
            pulled.cleared.append((*row[:2], CLEARED, *row[3:]))
        return
    if words and _word(row[2]) not in words:
        pulled.unknown.append(row)
        return
    if known is None:
        pulled.new.append(row)
    elif _word(row[2]) not in (_word(before or ""), _word(known.newest[2])):
        pulled.changed.append(row)
        newest, at = _when(known.newest[4]), _when(row[4])
        if newest and at and newest > at:
            pulled.older.append(row)


def _vocabulary(artifacts: Artifacts) -> set[str]:
    """The words that dbt takes for a type; empty when the project has no such list."""
    path = artifacts.seed(VOCABULARY)
    if path is None or not path.is_file():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {_word(row.get("alias") or "") for row in csv.DictReader(file)} - {""}


def _same_host(uuid: str, hostname: str) -> Host:
    return uuid, hostname.strip().lower()


def _word(label: str) -> str:
    return label.strip().lower()


def _by_host(rows: Iterable[Row], destination: str) -> dict[Host, _Known]:
    """What the raw labels say, by uuid and hostname."""
    newest: dict[Host, Row] = {}
    pulled: dict[Host, Row] = {}
    for row in rows:
        host = _same_host(row[0], row[1])
        newest[host] = _newer(newest.get(host), row)
        if row[3] == destination or row[3].startswith(f"{destination}: "):
            pulled[host] = _newer(pulled.get(host), row)
    return {host: _Known(row, pulled.get(host)) for host, row in newest.items()}


def _newer(one: Row | None, other: Row) -> Row:
    """The later of two labels, the other where both are of one time; one without a date is the older."""
    before, at = _when(one[4]) if one else None, _when(other[4])
    return other if one is None or before is None or (at is not None and at >= before) else one


def _when(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None


class _File:
    """instance_labels.csv in the folder of raw files."""

    def __init__(self, artifacts: Artifacts) -> None:
        project = read_yaml(artifacts.project_dir / "dbt_project.yml", "The dbt project file")
        folder = rendered((project.get("vars") or {}).get("raw_path"), Path("dbt_project.yml"))
        path = Path(folder or os.environ.get("RAW_PATH") or "sample/raw")
        here = path if path.is_absolute() or path.is_dir() else artifacts.project_dir / path
        if not here.is_dir():
            raise MisuseError(f"There is no folder {here} of raw files; set RAW_PATH (or var raw_path) to it.")
        self._path = here / "instance_labels.csv"

    def rows(self) -> list[Row]:
        """All of them, as they stand."""
        if not self._path.exists():
            return []
        with self._path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
                raise MisuseError(f"{self._path} has no column {missing[0]}; it needs {', '.join(COLUMNS)}.")
            return [_row([row[c] for c in COLUMNS]) for row in reader]

    def append(self, labels: Sequence[Row]) -> None:
        """Add rows; a run that is cut off leaves the file as it was."""
        if not labels:
            return
        copy = self._path.with_suffix(".csv.new")
        header: Sequence[str] = COLUMNS
        if self._path.exists():
            shutil.copyfile(self._path, copy)
            with copy.open("r+", encoding="utf-8", newline="") as file:
                header = next(csv.reader(file))
                if not file.read().endswith("\n"):
                    file.write("\n")
        else:
            copy.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
        with copy.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
            writer.writerows(dict(zip(COLUMNS, label, strict=True)) for label in labels)
        copy.replace(self._path)


class _Table:
    """The raw table INSTANCE_LABELS."""

    def __init__(self, artifacts: Artifacts, state: State, target: Target) -> None:
        project = read_yaml(artifacts.project_dir / "dbt_project.yml", "The dbt project file")
        given = project.get("vars") or {}
        database = given.get("raw_database") or target.options.get("database", "")
        self._state = state
        self._relation = (str(database), str(given.get("raw_schema") or "RAW"), "instance_labels")

    def rows(self) -> list[Row]:
        """All of them, as they stand."""
        return [_row(each) for each in raw_labels.raw_rows(self._state, self._relation, COLUMNS)]

    def append(self, labels: Sequence[Row]) -> None:
        """Add rows."""
        if labels:
            raw_labels.add_raw_rows(self._state, self._relation, COLUMNS, labels)


def _row(cells: Sequence[str | None]) -> Row:
    uuid, hostname, label, by, at = (each or "" for each in cells)
    return uuid, hostname, label, by, at
