"""What people label in the destination comes back as raw input of the mart."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.profile import Target, read_yaml, rendered
from loader.engine.check import findings
from loader.engine.destination import Destination
from loader.errors import MisuseError
from loader.warehouse import State, raw_labels

COLUMNS = ("uuid", "hostname", "label", "labelled_by", "labelled_at")
VOCABULARY = "instance_type_aliases"
"""The seed of the words that dbt takes for a type."""
Label = tuple[str, str, str, str, str]


@dataclass
class Pulled:
    """What came of reading one object's labels.

    Attributes:
        read: labels that the destination has of instances of ours.
        new: those that were appended, in the order of `COLUMNS`.
        unknown: those, new or not, that are no type known to the project, so that dbt will not use them.
        cleared: uuid, hostname and label of those that were pulled once and are not there any more. They still stand in
            the raw labels.
    """

    read: int = 0
    new: list[Label] = field(default_factory=list)
    unknown: list[Label] = field(default_factory=list)
    cleared: list[tuple[str, str, str]] = field(default_factory=list)


def pull_labels(
    destination: Destination, model: PublishModel, artifacts: Artifacts, state: State, target: Target
) -> Pulled:
    """Append labels that are new or changed to the raw labels.

    Raises:
        MisuseError: the object or its label field is not there, or the raw labels cannot be read.
    """
    if any(each.field in ("", model.labels, *model.key) for each in findings(destination, [model])):
        raise MisuseError(f"{model.object} or its label field {model.labels} is not there; `check` says more.")
    instances = artifacts.relation("dim_instances")
    raw: _File | _Table = _File(artifacts) if target.kind == "duckdb" else _Table(artifacts, state, target)
    words, known, pulled = _vocabulary(artifacts), raw.latest(), Pulled()
    there: dict[tuple[str, str], Label] = {}
    for page in destination.labels(model):
        names = raw_labels.instance_names(state, instances, [each[0] for each in page])
        for instance_id, label, at in page:
            if instance_id in names:
                uuid, hostname = names[instance_id]
                stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                there[uuid, hostname] = (uuid, hostname, label, destination.name, stamp)
    pulled.read = len(there)
    pulled.new = [each for key, each in there.items() if known.get(_same_host(*key), ("", ""))[0] != each[2]]
    pulled.unknown = [each for each in there.values() if words and _word(each[2]) not in words]
    gone = known.keys() - {_same_host(*key) for key in there}
    pulled.cleared = sorted((*key, known[key][0]) for key in gone if known[key][1] == destination.name)
    raw.append(pulled.new)
    return pulled


def _vocabulary(artifacts: Artifacts) -> set[str]:
    """The words that dbt takes for a type; empty when the project has no such list."""
    path = artifacts.seed(VOCABULARY)
    if path is None or not path.is_file():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {_word(row.get("alias") or "") for row in csv.DictReader(file)} - {""}


def _same_host(uuid: str, hostname: str) -> tuple[str, str]:
    return uuid, hostname.strip().lower()


def _word(label: str) -> str:
    return label.strip().lower()


def _latest(rows: Iterable[Sequence[str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """The newest label, and who gave it, by uuid and hostname."""
    newest: dict[tuple[str, str], tuple[datetime | None, str, str]] = {}
    for uuid, hostname, label, by, at in rows:
        key, when = _same_host(uuid, hostname), _when(at)
        before = newest.get(key)
        if before is None or before[0] is None or (when is not None and when >= before[0]):
            newest[key] = (when, label, by)
    return {key: (label, by) for key, (_, label, by) in newest.items()}


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

    def latest(self) -> dict[tuple[str, str], tuple[str, str]]:
        """See `_latest`."""
        if not self._path.exists():
            return {}
        with self._path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
                raise MisuseError(f"{self._path} has no column {missing[0]}; it needs {', '.join(COLUMNS)}.")
            return _latest([[row[c] or "" for c in COLUMNS] for row in reader])

    def append(self, labels: Sequence[Label]) -> None:
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

    def latest(self) -> dict[tuple[str, str], tuple[str, str]]:
        """See `_latest`."""
        return _latest(raw_labels.raw_rows(self._state, self._relation, COLUMNS))

    def append(self, labels: Sequence[Label]) -> None:
        """Add rows."""
        if labels:
            raw_labels.add_raw_rows(self._state, self._relation, COLUMNS, labels)
