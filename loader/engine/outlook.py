"""What a plan can say of a publish beyond its numbers: what it does first, and what keeps it from sending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from loader.dbt.artifacts import Artifacts, PublishModel
from loader.dbt.gate import check_gate
from loader.engine.destination import FilesAlone, TakesFiles
from loader.engine.plan import Caps, Plan
from loader.engine.uploads import next_file, unnamed
from loader.errors import LoaderError
from loader.warehouse import Diff, Mart, State, owner


def foresee(plan: Plan, mart: Mart) -> None:
    """Say in a plan what earlier runs left for the next one."""
    for diff in plan.diffs:
        plan.remarks += _left(plan, mart, diff)


def _left(plan: Plan, mart: Mart, diff: Diff) -> Iterator[str]:
    name, files, state = diff.model.object, plan.destination, mart.state
    if rows := mart.uncertain(diff.model):
        yield (
            f"{name}: an earlier run was cut off. publish first looks for the {rows} rows that it was about to send;"
            " those that stand there are not sent again."
        )
    if not isinstance(files, TakesFiles):
        return
    if text := unnamed(files, state, name):
        yield text
    elif any(status_id for status_id, _ in state.open_uploads(name)):
        yield f"{name}: what became of a file of an earlier run is not known yet; publish first waits for its end."
    elif isinstance(files, FilesAlone) and diff.to_send and (text := next_file(files, state, name)):
        yield f"{diff.to_send} rows of {name} wait: {text}."


def refusals(artifacts: Artifacts, models: Sequence[PublishModel], state: State, plan: Plan) -> list[str]:
    """Why a publish without options would be refused now, but for the mart's day and grain, which the plan says."""
    found = [owner.refusal(state, foreign)] if (foreign := owner.claim(state)) else []
    checks: list[Callable[[], None]] = [
        lambda: check_gate(artifacts, models, state),
        lambda: plan.refuse_over(Caps()),
    ]
    for check in checks:
        try:
            check()
        except LoaderError as error:
            found.append(str(error))
    return found
