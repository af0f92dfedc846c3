"""The command line. Thin: it reads options, calls the engine, and prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from loader import output
from loader.artifacts import Artifacts, PublishModel
from loader.config import Target, read_target
from loader.destination import Destination
from loader.errors import MISUSED, STOPPED, FatalError, LoaderError, MisuseError, ReplyError
from loader.gainsight import Gainsight
from loader.plan import Caps, Plan, make_plan
from loader.publish import Publisher, Request, open_meter
from loader.state import State
from loader.warehouse import Mart, Options

DESTINATIONS: dict[str, Callable[[], Destination]] = {"gainsight": Gainsight}
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass
class Project:
    """The dbt project and warehouse that all commands work on."""

    artifacts: Artifacts
    profiles_dir: Path | None
    target_name: str | None

    @property
    def target(self) -> Target:
        """The warehouse."""
        return read_target(self.artifacts.project_dir, self.profiles_dir, self.target_name)

    def models(
        self, select: tuple[str, ...], destination: str | None
    ) -> Iterator[tuple[Destination, list[PublishModel]]]:
        """Publish models, by destination."""
        models = self.artifacts.publish_models(select, destination)
        for name in dict.fromkeys(m.destination for m in models):
            if name not in DESTINATIONS:
                known = ", ".join(DESTINATIONS)
                raise MisuseError(f"No destination is called {name}; the loader has {known}.")
            yield DESTINATIONS[name](), [m for m in models if m.destination == name]

    @contextmanager
    def state(self, destination: str, *, write: bool) -> Iterator[State]:
        """The state tables, closed afterwards."""
        state = State(self.target, destination, write=write)
        try:
            yield state
        finally:
            state.close()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default=".",
    help="The dbt project.",
)
@click.option(
    "--profiles-dir", type=click.Path(path_type=Path), help="Folder of profiles.yml, as for dbt."
)
@click.option("--target", help="Output of the dbt profile; default: the profile's own.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Log lines.",
)
@click.pass_context
def cli(
    context: click.Context,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
    log_format: str,
) -> None:
    """Publish the customer-health mart to Gainsight, and never lose a row.

    Settings come from the environment: GAINSIGHT_BASE_URL, GAINSIGHT_ACCESS_KEY or GAINSIGHT_CLIENT_ID and
    GAINSIGHT_CLIENT_SECRET; the warehouse is dbt's own profile.
    """
    output.set_up_logs(log_format)
    context.obj = Project(Artifacts(project_dir), profiles_dir, target)


def _selection(command: _F) -> _F:
    for option in (
        click.option("--destination", help="Only this destination."),
        click.option(
            "--select",
            multiple=True,
            metavar="MODEL",
            help="Only this publish model; may be repeated.",
        ),
    ):
        command = option(command)
    return command


def _diff_options(command: _F) -> _F:
    retry = "Rows that were rejected and have not changed since, too."
    for option in (
        click.option("--retry-rejected", is_flag=True, help=retry),
        click.option("--full", is_flag=True, help="Everything again, as updates."),
    ):
        command = option(command)
    return command


_as_json = click.option(
    "--output",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)


@cli.command()
@_selection
@_diff_options
@_as_json
@click.pass_obj
def plan(
    project: Project,
    select: tuple[str, ...],
    destination: str | None,
    full: bool,
    retry_rejected: bool,
    form: str,
) -> None:
    """Show what publish would send, and what it costs; nothing is called."""
    plans = []
    for target, models in project.models(select, destination):
        with project.state(target.name, write=False) as state:
            mart = Mart(state)
            diffs = [mart.diff(model, Options(full, retry_rejected)) for model in models]
            plans.append(make_plan(target, diffs, mart, open_meter(target, state).remaining))
            if form == "text":
                output.show_plan(plans[-1], stderr=False)
    if form == "json":
        output.print_json({"plans": [each.as_dict() for each in plans]})


@cli.command()
@_selection
@_diff_options
@click.option(
    "--max-calls", type=click.IntRange(min=0), help="Send nothing when the plan takes more calls."
)
@click.option(
    "--max-null-overwrites",
    type=click.IntRange(min=0),
    help="... when more values would become null.",
)
@click.option(
    "--max-deletes",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="... when mirror mode would delete more.",
)
@click.option(
    "--max-rejected-share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Rejected rows per row of the model that still are a success.",
)
@click.option(
    "--no-gate", is_flag=True, help="Publish whatever dbt's tests said; the run's record says so."
)
@_as_json
@click.pass_obj
def publish(
    project: Project,
    select: tuple[str, ...],
    destination: str | None,
    full: bool,
    retry_rejected: bool,
    max_calls: int | None,
    max_null_overwrites: int | None,
    max_deletes: int,
    max_rejected_share: float,
    no_gate: bool,
    form: str,
) -> None:
    """Gate, diff, plan, send, record."""
    caps = Caps(max_calls, max_null_overwrites, max_deletes)
    request = Request(Options(full, retry_rejected), caps, not no_gate, max_rejected_share)
    results = []
    for target, models in project.models(select, destination):
        with project.state(target.name, write=True) as state, output.bar() as bar:

            def show(plan: Plan, bar: output.Bar = bar) -> None:
                output.show_plan(plan, stderr=form == "json")
                bar.start(plan.rows("to_send"))

            publisher = Publisher(target, state, request, show, bar.advance)
            try:
                results.append(publisher.run(project.artifacts, models))
            except LoaderError as error:
                error.results = [*(r.as_dict() for r in results), publisher.result.as_dict()]
                raise
    if form == "json":
        output.print_json({"results": [each.as_dict() for each in results]})
    else:
        for each in results:
            output.print_text(each.message)
    sys.exit(max(each.exit_code for each in results))


@cli.command()
@_selection
@_as_json
@click.pass_obj
def check(project: Project, select: tuple[str, ...], destination: str | None, form: str) -> None:
    """Compare the publish models with the destination's own metadata."""
    found = []
    for target, models in project.models(select, destination):
        with project.state(target.name, write=True) as state:
            meter = open_meter(target, state)
            target.connect(meter)
            found += target.findings(models)
            if calls := meter.unsaved():
                state.count_calls(*calls)
    names = ("model", "object", "field", "problem", "fix")
    if form == "json":
        output.print_json({"findings": [vars(each) for each in found]})
    elif found:
        output.print_table(
            "Findings", names, [[getattr(each, name) for name in names] for each in found]
        )
    else:
        output.print_text("The publish models fit the destination.")
    sys.exit(MisuseError.exit_code if found else 0)


@cli.command()
@_as_json
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many runs to show.",
)
@click.pass_obj
def status(project: Project, form: str, runs: int) -> None:
    """Show the last runs, and rejected rows and why."""
    with project.state("", write=False) as state:
        last, rejected = state.last_runs(runs), state.standing_rejections()
    if form == "json":
        output.print_json({"runs": last, "rejections": rejected})
        return
    names = [
        "started_at",
        "destination",
        "outcome",
        "exit_code",
        "rows_accepted",
        "rows_rejected",
        "api_calls",
        "gate",
    ]
    output.print_table("Last runs", names, [[each[name] for name in names] for each in last])
    names = ["object", "row_key", "field", "code", "message", "rejected_at"]
    title = f"Rejected rows: {len(rejected)}"
    output.print_table(title, names, [[each[name] for name in names] for each in rejected])


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure is one paragraph on stderr and an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        sys.exit(cli(given, standalone_mode=False))
    except LoaderError as error:
        _fail(given, str(error), error.exit_code, error.results)
    except ReplyError as error:
        _fail(given, f"{error}.", MISUSED if isinstance(error, FatalError) else STOPPED)
    except click.ClickException as error:
        _fail(given, f"{error.format_message()} See `health-loader --help`.", MISUSED)
    except (KeyboardInterrupt, click.Abort):
        _fail(given, "Stopped.", STOPPED)


def _fail(given: list[str], message: str, code: int, results: list[dict[str, Any]] | None = None) -> None:
    if "json" in given[given.index("--output") + 1 :][:1] if "--output" in given else "--output=json" in given:
        output.print_json({"error": message, "exit_code": code, "results": results or []})
    output.log.error("%s", message)
    sys.exit(code)
