"""The command line. Thin: it reads options, calls the engine, and prints."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import click

from loader import output
from loader.dbt.artifacts import Artifacts, PublishModel
from loader.engine.adopt import adopt
from loader.engine.check import findings
from loader.engine.destination import Destination
from loader.engine.freshness import Allowed, read_marts
from loader.engine.outlook import foresee, refusals
from loader.engine.plan import Caps, make_plan
from loader.engine.publish import Publisher, Request, locked, metered, open_meter
from loader.engine.reconcile import Difference, Reconciler
from loader.errors import (
    ACCEPTED,
    MISUSED,
    REJECTED,
    STOPPED,
    LoaderError,
    MisuseError,
    RefusedError,
    ReplyError,
    for_people,
    own_failure,
)
from loader.labels import Pulled, pull_labels
from loader.project import Project, Selected
from loader.rounds import Round
from loader.warehouse import Mart, Options, Tables, owner
from loader.warehouse.facts import facts
from loader.warehouse.history import decided_calls, last_runs, postponed_rows, standing_rejections

OBJECTS_A_COLLECTION = 100_000
"""Rows are many and in no cycle; Python's own 700 took a tenth of a publish for looking whether they are."""
SECONDS_A_TURN = 0.001
"""How long the thread beside may keep the one that calls from its reply; Python's own 5 ms are four calls."""
_F = TypeVar("_F", bound=Callable[..., Any])


def _options(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    def decorate(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_select = click.option("--select", multiple=True, metavar="MODEL", help="Only this publish model; may be repeated.")
_destination = click.option("--destination", help="Only this destination.")
_full = click.option("--full", is_flag=True, help="Everything again, as updates.")
_retry_rejected = click.option("--retry-rejected", is_flag=True, help="Rejected rows that have not changed since, too.")
_limit = click.option("--limit", type=click.IntRange(1), help="Only the first so many rows of each object (a canary).")
_no_gate = click.option("--no-gate", is_flag=True, help="Send whatever dbt's tests said; the run's record says so.")
_output = click.option(
    "--output",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result on stdout.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--project-dir", default=".", type=Path, show_default=True, help="Folder of dbt_project.yml.")
@click.option("--profiles-dir", type=Path, help="Folder of profiles.yml, as for dbt.")
@click.option("--target", help="Output of the dbt profile; default: the profile's own.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the log on stderr.",
)
@click.pass_context
def cli(
    context: click.Context, project_dir: Path, profiles_dir: Path | None, target: str | None, log_format: str
) -> None:
    """Publish the customer-health mart, and never lose a row.

    Settings come from the environment: GAINSIGHT_BASE_URL, and GAINSIGHT_ACCESS_KEY or GAINSIGHT_CLIENT_ID
    and GAINSIGHT_CLIENT_SECRET; SALESFORCE_BASE_URL, SALESFORCE_CLIENT_ID, and SALESFORCE_CLIENT_SECRET or
    SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE; MARKETO_BASE_URL, MARKETO_CLIENT_ID and
    MARKETO_CLIENT_SECRET; GAINSIGHT_S3_FOLDER or GAINSIGHT_S3_BUCKET for files. The warehouse is dbt's own profile.
    """
    output.set_up_logs(log_format)
    context.obj = Project(Artifacts(project_dir), profiles_dir, target)


@cli.command()
@_options(_select, _destination, _full, _retry_rejected, _limit, _output)
@click.pass_obj
def plan(
    project: Project,
    select: Selected,
    destination: str | None,
    full: bool,
    retry_rejected: bool,
    limit: int | None,
    form: str,
) -> None:
    """Show what publish would send and what it costs; nothing is called."""
    plans = []
    for target, models in project.models(select, destination):
        with project.state(target, write=False) as state:
            mart = Mart(state)
            diffs = [mart.diff(model, Options(full, retry_rejected)) for model in models]
            remaining, marts = open_meter(target, state).remaining, read_marts(state, models)
            made = make_plan(target, diffs, mart, remaining, marts, limit)
            foresee(made, mart)
            made.refusals = refusals(project.artifacts, models, state, made)
            plans.append(made)
            for text in made.refusals:
                output.log.warning("publish will refuse: %s", text)
            if form == "text":
                output.show_plan(made, stderr=False)
    if form == "json":
        output.print_json({"plans": [each.as_dict() for each in plans]})


@cli.command()
@_options(_select, _destination, _full, _retry_rejected, _limit)
@click.option("--max-calls", type=click.IntRange(0), help="Refuse a plan of more calls.")
@click.option(
    "--max-null-overwrites",
    type=click.IntRange(0),
    help="Refuse to turn more values at the destination into null."
    " Default: 10 % of the values of any field, and more than 5; look-ups are not counted.",
)
@click.option(
    "--max-deletes",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    help="Refuse to delete more records (on_gone: delete).",
)
@click.option("--allow-empty", is_flag=True, help="An empty mart may delete or clear what stands.")
@click.option("--allow-older", is_flag=True, help="The mart may be as of an earlier day than what stands.")
@click.option("--allow-grain-change", is_flag=True, help="The mart may have another grain than what stands.")
@click.option(
    "--max-rejected-share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Rejected rows per row of the models that still exit with 0.",
)
@_options(_no_gate, _output)
@click.pass_obj
def publish(
    project: Project, /, select: Selected, destination: str | None, max_rejected_share: float, form: str, **given: Any
) -> None:
    """Gate, diff, plan, send, record."""
    request = Request(
        Options(given["full"], given["retry_rejected"]),
        Caps(given["max_calls"], given["max_null_overwrites"], given["max_deletes"], given["allow_empty"]),
        not given["no_gate"],
        max_rejected_share,
        Allowed(given["allow_older"], given["allow_grain_change"]),
        given["limit"],
    )
    done = Round(project, request, as_json=form == "json")
    done.publish(select, destination)
    sys.exit(done.show())


class _Failures:
    """Destinations that a command could not ask; the others are asked all the same.

    Raises:
        LoaderError: (on `of`) it is the only one.
    """

    def __init__(self, pairs: Iterable[tuple[Destination, list[PublishModel]]]) -> None:
        self.pairs = list(pairs)
        self._errors: dict[str, LoaderError] = {}

    @contextmanager
    def of(self, target: Destination) -> Iterator[None]:
        """Note what ends the work on this one."""
        try:
            yield
        except (LoaderError, ReplyError) as error:
            if len(self.pairs) == 1:
                raise
            self._errors[target.name] = for_people(error)
            output.log.error("%s: %s", target.name, self._errors[target.name])

    @property
    def code(self) -> int:
        """The highest exit code among them."""
        return max((each.exit_code for each in self._errors.values()), default=ACCEPTED)

    def as_dict(self) -> dict[str, Any]:
        """What JSON says of them; nothing when there are none."""
        error = " ".join(f"{name}: {each}" for name, each in self._errors.items())
        return {"error": error, "exit_code": self.code} if error else {}


@cli.command()
@_options(_select, _destination)
@click.option("--repair", is_flag=True, help="Send missing and drifted rows again; extra ones stay.")
@_options(_no_gate, _output)
@click.pass_obj
def reconcile(
    project: Project, select: Selected, destination: str | None, repair: bool, no_gate: bool, form: str
) -> None:
    """Read the destination back; list missing, extra and drifted rows."""
    found: list[Difference] = []
    unmended: list[Difference] = []
    left = 0
    failures = _Failures(project.models(select, destination, reading=True, comparing=True))
    for target, models in failures.pairs:
        with failures.of(target), project.state(target, write=True) as state:
            if foreign := owner.claim(state):
                raise RefusedError(owner.refusal(state, foreign))
            reconciler = Reconciler(target, state)
            with metered(target, state):
                here = list(reconciler.differences(models))
            found += here
            left += sum(not repair or each.kind == "extra" for each in here)
            if repair and any(each.kind != "extra" for each in here):
                reconciler.mark(here)
                request = Request(Options(marked=True), gate=not no_gate)
                result = Publisher(target, state, request).run(project.artifacts, models)
                output.log.info("%s", result.message)
                with metered(target, state):
                    unmended += reconciler.unmended(models, here)
                left += result.rejected
    output.show_differences(found, unmended, failures.as_dict(), repaired=repair, as_json=form == "json")
    sys.exit(max(failures.code, REJECTED if left or unmended else ACCEPTED))


@cli.command()
@_output
@click.option("--runs", type=click.IntRange(1), default=10, show_default=True, help="How many runs to show.")
@click.pass_obj
def status(project: Project, form: str, runs: int) -> None:
    """Show the last runs, and rejected rows and why."""
    with closing(Tables(project.target, write=False)) as tables:
        last, rejected, later = last_runs(tables, runs), standing_rejections(tables), postponed_rows(tables)
        calls = decided_calls(tables)
    if form == "json":
        more = {name: found for name, found in (("later", later), ("calls_to_action", calls)) if found}
        output.print_json({"runs": last, "rejections": rejected, **more})
    else:
        output.show_status(last, rejected, later, calls)


@cli.command("adopt")
@_options(_select, _destination)
@click.option(
    "--from", "source", metavar="CONNECTION", help="Take over the state of this connection (it got another name)."
)
@_output
@click.pass_obj
def take_over(project: Project, select: Selected, destination: str | None, source: str | None, form: str) -> None:
    """Take over a state of an earlier version, of a copied warehouse or of a renamed connection, once a sample of its
    rows was found at the destination."""
    ended = []
    for target, models in project.models(select, destination, reading=True):
        with project.state(target, write=True) as state, locked(state), metered(target, state):
            ended.append(adopt(target, state, models, source))
    if form == "json":
        output.print_json({"adoptions": [each.as_dict() for each in ended]})
    else:
        for each in ended:
            output.print_text(each.message)
    sys.exit(max(each.exit_code for each in ended))


@cli.command()
@_options(_select, _destination, _output)
@click.pass_obj
def check(project: Project, select: Selected, destination: str | None, form: str) -> None:
    """Compare the publish models with the destination's own metadata."""
    found = []
    failures = _Failures(project.models(select, destination))
    for target, models in failures.pairs:
        with failures.of(target), project.state(target, write=True) as state, metered(target, state):
            found += findings(target, models)
            for model in models:
                found += Mart(state).misfits(model, target.fields(model.object) or {})
                if not any(each.schema and each.model == model.name for each in found):
                    found += target.doubts(model, facts(state, model))
    output.show_findings(found, failures.as_dict(), as_json=form == "json")
    sys.exit(max(failures.code, MISUSED if any(not each.warning for each in found) else ACCEPTED))


@cli.command("pull-labels")
@_options(_select, _destination, _output)
@click.pass_obj
def pull(project: Project, select: Selected, destination: str | None, form: str) -> None:
    """Append labels that people gave in the destination to the raw labels."""
    pulled: list[Pulled] = []
    for target, models in project.models(select, destination, reading=True):
        with project.state(target, write=True) as state, metered(target, state):
            for model in (m for m in models if m.labels):
                pulled.append(pull_labels(target, model, project.artifacts, state, project.target))
    if not pulled:
        raise MisuseError("None of these publish models has labels that people give (config.meta.publish.labels).")
    output.show_labels(pulled, as_json=form == "json")


@cli.command()
@click.argument("destination", type=click.Choice(["salesforce"]))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write into.")
@click.pass_obj
def metadata(project: Project, destination: str, out: Path) -> None:
    """Write the objects, fields, permission sets and layouts that the publish models need, in the source format of the
    destination's own tool; nothing is called."""
    from loader.salesforce import metadata as sources
    from loader.salesforce.objects import of_manifest

    try:
        written = sources.write(of_manifest(project.artifacts.manifest), out)
    except OSError as error:
        raise MisuseError(f"Cannot write below {out}: {error.strerror}.") from None
    if not written:
        raise MisuseError(f"The dbt project has no publish model of destination {destination} (config.meta.publish).")
    output.print_text(f"{len(written)} files below {out}: objects, layouts, permissionsets")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure is one paragraph on stderr and an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    gc.set_threshold(OBJECTS_A_COLLECTION)
    sys.setswitchinterval(SECONDS_A_TURN)
    output.set_up_logs("text")
    try:
        sys.exit(cli(given, standalone_mode=False))
    except (LoaderError, ReplyError) as error:
        failure = for_people(error)
        _fail(given, str(failure), failure.exit_code, failure.results)
    except click.ClickException as error:
        _fail(given, f"{error.format_message()} See `health-loader --help`.", MISUSED)
    except (KeyboardInterrupt, click.Abort):
        _fail(given, "Stopped.", STOPPED)
    except Exception as error:  # the edge: an error in the loader itself is one paragraph, too
        _fail(given, str(own_failure(error)), STOPPED)


def _fail(given: list[str], message: str, code: int, results: list[dict[str, Any]] | None = None) -> None:
    if "--output=json" in given or ("--output", "json") in pairwise(given):
        output.print_json({"error": message, "exit_code": code, "results": results or []})
    output.log.error("%s", message)
    sys.exit(code)
