"""The dbt project and warehouse that all commands work on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loader.config import not_set
from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.profile import Target, read_target
from loader.destinations import DESTINATIONS, configured, in_forms, source
from loader.engine.destination import Destination, FilesAlone, HandsOver
from loader.errors import LoaderError, MisuseError
from loader.warehouse import State

Selected = tuple[str, ...]


@dataclass(frozen=True)
class Stop:
    """A destination that is addressed, and whose settings are wrong."""

    name: str
    error: LoaderError


@dataclass
class Project:
    """See the module."""

    artifacts: Artifacts
    profiles_dir: Path | None
    target_name: str | None

    @property
    def target(self) -> Target:
        """The warehouse."""
        return read_target(self.artifacts.project_dir, self.profiles_dir, self.target_name)

    def models(
        self, select: Selected, only: str | None, *, reading: bool = False, comparing: bool = False
    ) -> Iterator[tuple[Destination, list[PublishModel]]]:
        """Publish models, by destination.

        Args:
            select: names of models, or none for all.
            only: this destination.
            reading: without those that cannot be read back.
            comparing: without those whose records are people's.

        Raises:
            MisuseError: a model goes to a destination that nobody knows, or the settings of one are wrong; or the one
                that was asked for cannot be read back.
        """
        targets, wrong, models = self._targets(select, only)
        for each in wrong:
            raise each.error
        if reading and any(isinstance(each, FilesAlone) for each in targets):
            if only is not None:
                raise MisuseError(f"{only} hands over files; what becomes of them cannot be read back from there.")
            targets = [each for each in targets if not isinstance(each, FilesAlone)]
        if comparing and any(isinstance(each, HandsOver) for each in targets):
            if only is not None:
                raise MisuseError(f"{only} hands its records over to people; there is nothing to compare.")
            targets = [each for each in targets if not isinstance(each, HandsOver)]
        yield from ((target, _of(target, models)) for target in targets)

    def each(
        self, select: Selected, only: str | None
    ) -> tuple[list[tuple[Destination, list[PublishModel]]], list[Stop]]:
        """Publish models by destination, and the destinations whose settings are wrong."""
        targets, wrong, models = self._targets(select, only)
        return [(target, _of(target, models)) for target in targets], wrong

    def _targets(self, select: Selected, only: str | None) -> tuple[list[Destination], list[Stop], list[PublishModel]]:
        models = in_forms(self.artifacts.publish_models(select, source(only)), only)
        names = list(dict.fromkeys(m.destination for m in models))
        if unknown := [name for name in names if name not in DESTINATIONS]:
            known = ", ".join(DESTINATIONS)
            raise MisuseError(f"No destination is called {unknown[0]}; the loader has {known}.")
        targets, wrong = list[Destination](), list[Stop]()
        for name in names:
            try:
                targets.append(DESTINATIONS[name]())
            except LoaderError as error:
                wrong.append(Stop(name, error))
        if wrong and not any(each.connection for each in targets):
            targets = []  # those without an address are not meant
        elif not (select or only):
            targets = configured(targets)
        return targets, wrong, models

    @contextmanager
    def state(self, destination: Destination, *, write: bool) -> Iterator[State]:
        """The state tables of a destination's connection, closed afterwards.

        Raises:
            MisuseError: nobody says which connection is meant.
        """
        if write and not destination.connection:
            raise MisuseError(not_set(destination.name))
        with closing(State(self.target, destination.name, destination.connection, write=write)) as state:
            yield state


def _of(target: Destination, models: list[PublishModel]) -> list[PublishModel]:
    return [replace(m, ignored=target.ignores(m)) for m in models if m.destination == target.name]
