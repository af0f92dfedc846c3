"""A publish to each destination: one that is down, or wrongly set up, does not stop the others."""

from __future__ import annotations

from loader import output
from loader.dbt.artifacts import PublishModel
from loader.engine.destination import Destination
from loader.engine.plan import Plan
from loader.engine.publish import Publisher, Request
from loader.engine.result import Result
from loader.errors import REJECTED, LoaderError, StoppedError, own_failure
from loader.project import Project, Selected

FEW = 5
"""Rows that a publish shows one by one; `plan` shows more."""


class Round:
    """Publishes to one destination after the other.

    Args:
        as_json: stdout is for one JSON document.
    """

    def __init__(self, project: Project, request: Request, *, as_json: bool) -> None:
        self._project, self._request, self._as_json = project, request, as_json
        self._results: list[Result] = []
        self._errors: list[LoaderError] = []
        self._alone = self._signalled = False

    def publish(self, select: Selected, only: str | None) -> None:
        """Publish to each of them.

        Raises:
            LoaderError: there is only one, and it ended early.
        """
        targets, wrong = self._project.each(select, only)
        self._alone = len(targets) + len(wrong) == 1
        for stop in wrong:
            self._fail(Result(destination=stop.name), stop.error)
        for target, models in targets:
            result = Result(destination=target.name, connection=target.connection)
            if self._signalled:
                self._fail(result, StoppedError("Not begun: a signal came."))
            else:
                self._publish(target, models, result)
        if self._alone and self._errors:
            self._errors[0].results = [each.as_dict() for each in self._results]
            raise self._errors[0]

    def _publish(self, target: Destination, models: list[PublishModel], result: Result) -> None:
        def show(plan: Plan) -> None:
            output.show_plan(plan, stderr=self._as_json, most=FEW)
            bar.start(plan.rows("to_send"))

        try:
            with self._project.state(target, write=True) as state, output.bar() as bar:
                publisher = Publisher(target, state, self._request, show, bar.advance)
                result = publisher.result
                try:
                    publisher.run(self._project.artifacts, models)
                finally:
                    self._signalled = publisher.meter.stop.is_set()
            self._results.append(result)
        except LoaderError as error:
            self._fail(result, error)
        except Exception as error:
            self._fail(result, own_failure(error))

    def _fail(self, result: Result, error: LoaderError) -> None:
        if not result.message:
            result.outcome = {2: "failed", 3: "refused"}.get(error.exit_code, "stopped")
        result.exit_code, result.message = error.exit_code, str(error)
        self._results.append(result)
        self._errors.append(error)
        if not self._alone:  # a lone one's error is the command's
            output.log.error("%s", _line(result))

    def show(self) -> int:
        """Print a line for each destination, or all as JSON.

        Returns:
            The worst exit code, which is the highest.
        """
        worst = max(each.exit_code for each in self._results)
        lines = [_line(each) for each in self._results]
        if not self._as_json:
            for line in lines:
                output.print_text(line)
            return worst
        failed = [line for line, each in zip(lines, self._results, strict=True) if each.exit_code > REJECTED]
        for line in (each for each in lines if each not in failed):
            output.log.info("%s", line)
        error = {"error": " ".join(failed), "exit_code": worst} if failed else {}
        output.print_json({**error, "results": [each.as_dict() for each in self._results]})
        return worst


def _line(result: Result) -> str:
    """How it ended, after whose end it is."""
    name = result.destination
    return result.message if result.message.startswith(name) else f"{name}: {result.message}"
