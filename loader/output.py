"""What people and machines read: logs on stderr, results on stdout."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loader.config import harmless, redacted
from loader.engine.destination import Finding, HandsOver
from loader.engine.freshness import pace
from loader.engine.plan import Plan, Switch
from loader.engine.reconcile import Difference
from loader.labels import COLUMNS, Pulled

if TYPE_CHECKING:
    from rich.progress import Progress

log = logging.getLogger("loader")
_PLAIN_SECONDS = 10.0
_SHOWN = 50
MANY_RUNS = 3
"""A row that was not taken in more runs than this is shown as one that somebody must look at."""


class Redaction(logging.Filter):
    """Keeps the environment's secrets, and control characters, out of every record, whoever logs it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace them in the message; keep the record."""
        record.msg, record.args = harmless(redacted(record.getMessage())), ()
        return True


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extra = getattr(record, "data", {})
        return json.dumps({"at": at, "level": record.levelname.lower(), "message": record.getMessage(), **extra})


def set_up_logs(kind: str) -> None:
    """Log to stderr, as lines for people or as one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if kind == "json" else logging.Formatter("%(message)s"))
    handler.addFilter(Redaction())
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)


def print_json(document: Any) -> None:
    """The one JSON document on stdout."""
    sys.stdout.write(redacted(json.dumps(document, indent=2, default=str)) + "\n")


_LABELS = {
    "unknown": "No known type, not taken: {label!r} of {uuid!r} {hostname!r}",
    "older": "Older than a label from elsewhere, which stands: {label!r} of {uuid!r} {hostname!r}",
    "contradicted": "Another record of the same instance has a newer label: {label!r} of {uuid!r} {hostname!r}",
    "gone": "The record is not there any more, and {label!r} of {uuid!r} {hostname!r} still stands",
}


def show_labels(pulled: Sequence[Pulled], *, as_json: bool) -> None:
    """Print what became of people's labels: how many were read, what was taken, and what was not, by value and
    instance."""
    names = ("new", "changed", "cleared", *_LABELS)
    found = {
        name: [dict(zip(COLUMNS, row, strict=True)) for each in pulled for row in getattr(each, name)] for name in names
    }
    read, strangers = sum(each.read for each in pulled), [pair for each in pulled for pair in each.strangers]
    if as_json:
        labels = [{**row, "change": name} for name in names[:3] for row in found[name]]
        rest = {name: found[name] for name in names[2:]}
        others = [{"key": key, "label": label} for key, label in strangers]
        print_json({"read": read, "labels": labels, **rest, "strangers": others})
        return
    new, changed, cleared, unknown = (len(found[name]) for name in names[:4])
    print_text(
        f"{read} labels read: {new} new, {changed} changed, {cleared} cleared, {unknown} of no known type."
        " The next dbt build reads what is new."
    )
    for name, text in _LABELS.items():
        for row in found[name]:
            print_text(f"{text.format(**row)}.")
    for key, label in strangers:
        print_text(f"No instance of ours: {label!r} of {key!r}.")


def print_text(text: str, *, stderr: bool = False) -> None:
    """A paragraph."""
    (sys.stderr if stderr else sys.stdout).write(harmless(redacted(text)) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, stderr: bool = False) -> None:
    """A table for people; numbers to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        stderr=stderr, highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160
    )
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for n, name in enumerate(columns):
        number = bool(rows) and all(isinstance(row[n], int | float | None) for row in rows)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if each is None else Text(harmless(redacted(_cell(each)))) for each in row))
    console.print(table)


def _cell(value: Any) -> str:
    """Times to the second."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)


def show_plan(plan: Plan, *, stderr: bool, most: int = _SHOWN) -> None:
    """The plan for people, with so many rows of those that are shown one by one; among logs in JSON, as one of them."""
    document = plan.as_dict()
    if stderr and isinstance(log.handlers[0].formatter, _JsonLines):
        log.info("the plan", extra={"data": {"plan": document}})
        return
    names = ("object", "mode", "rows", "new", "changed", "unchanged", "gone", "deletes", "clears", "rejected")
    rows = [[each[name] for name in names] for each in document["models"]]
    name = f"{plan.destination.name} at {plan.connection or 'an address that is not set'}"
    print_table(f"Plan for {name}", names, rows, stderr=stderr)
    calls = ", ".join(f"{count} for {purpose}" for purpose, count in plan.calls.items() if count)
    none = "none is needed" if plan.busy else "nothing to do"
    print_text(
        f"{plan.total_calls} calls ({calls or none}), {plan.minutes:.1f} minutes at the limit,"
        f" {document['quota_share']:.1%} of the day's {plan.destination.calls_per_day};"
        f" {plan.remaining} are left today.",
        stderr=stderr,
    )
    for each in document["models"]:
        for name, count in each["null_overwrites"].items():
            text = f"{each['object']}.{name}: {count} values would become null."
            print_text(text, stderr=stderr)
    for listed in filter(None, plan.listed.values()):
        more = f", of which the first {most} are shown" if len(listed) > most else ""
        print_text(f"To be sent, unless it is there already: {len(listed)}, in this order{more}", stderr=stderr)
        for *values, (_, text) in (each.items() for each in listed[:most]):
            told = (f"no {name}" if value is None else str(value) for name, value in values)
            print_text(f"- {', '.join(told)}\n  {text}", stderr=stderr)
    for text in (*_marts(plan), *plan.offers, *plan.remarks):
        print_text(text, stderr=stderr)
    if plan.left:
        print_text(f"{plan.left} rows do not fit into today's quota and wait.", stderr=stderr)


def _marts(plan: Plan) -> Iterator[str]:
    """Of which day and input the marts are, and what in that is new."""
    marts = plan.marts
    if marts.as_of:
        newest = f"; the newest ping arrived {marts.newest_ping_at:%Y-%m-%d}" if marts.newest_ping_at else ""
        age = f", {marts.input_age} days before that" if marts.input_age is not None else ""
        grain = f", a row {pace(marts.grain)}" if marts.grain else ""
        built = f"; built {marts.built_at:%Y-%m-%d %H:%M} UTC" if marts.built_at else ""
        yield f"The mart is as of {marts.as_of}{grain}{newest}{age}{built}."
    for switch in plan.switches:
        yield _switched(switch, handed_over=isinstance(plan.destination, HandsOver))
    for text in marts.changes:
        yield f"{text}. publish refuses this unless it is told to."
    if waiting := plan.rows("held_back"):
        yield f"{waiting} rows wait (--limit)."


def _switched(switch: Switch, *, handed_over: bool) -> str:
    """What another grain changes, as a sentence; what was handed over to people is never written over."""
    fate = {
        "leave": "stay as they are, beside the new ones (on_gone: leave)",
        "clear": f"lose their values, {switch.clears} of them now (on_gone: clear)",
        "delete": f"are deleted where we created them, {switch.deletes} (on_gone: delete)",
    }[switch.on_gone]
    written = "" if handed_over else " and are overwritten"
    return (
        f"{switch.object}, key {', '.join(switch.key)}: from a row {pace(switch.before)} to a row {pace(switch.after)}."
        f" {switch.leaving} records have no row any more and {fate};"
        f" {switch.overwritten} have the key of a row of the new grain{written}; {switch.new} are new."
    )


def show_status(
    runs: Sequence[dict[str, Any]],
    rejections: Sequence[dict[str, Any]],
    later: Sequence[dict[str, Any]],
    calls: Sequence[dict[str, Any]] = (),
) -> None:
    """The last runs, the rejected rows and those that were not taken yet, for people."""
    names = ["started_at", "destination", "connection", "outcome", "exit_code", "rows_new", "rows_changed"]
    names += ["rows_accepted", "rows_rejected", "rows_later", "api_calls", "gate"]
    print_table("Last runs", names, [[each[name] for name in names] for each in runs])
    for text in _ends(runs):
        print_text(text)
    names = ["destination", "connection", "object", "row_key", "field", "code", "message", "rejected_at"]
    rows = [[each[name] for name in names] for each in rejections[:_SHOWN]]
    print_table(f"Rejected rows that still stand: {len(rejections)}", names, rows)
    for code, count in Counter(each["code"] for each in rejections).most_common():
        print_text(f"{count} x {code}")
    if later:
        names = ["destination", "connection", "object", "row_key", "code", "message", "since", "runs"]
        rows = [[each[name] for name in names] for each in later[:_SHOWN]]
        print_table(f"Rows that were not taken yet: {len(later)}", names, rows)
    if calls:
        rows = [list(each.values()) for each in calls[:_SHOWN]]
        print_table(f"Calls to action that were decided, newest first: {len(calls)}", list(calls[0]), rows)
    if stuck := sum(each["runs"] > MANY_RUNS for each in later):
        print_text(f"{stuck} of them were not taken in more than {MANY_RUNS} runs; look at what keeps them.")


def _ends(runs: Sequence[dict[str, Any]]) -> Iterator[str]:
    """How the last run to each destination ended that did not end well."""
    for run in {(each["destination"], each["connection"]): each for each in reversed(runs)}.values():
        name, message = run["destination"], str(run["message"])
        if run["outcome"] == "running":
            yield f"{name}: a run that is shown as running, and is not, was cut off; publish goes on where it ended."
        elif run["exit_code"]:
            yield message if message.startswith(f"{name} ") else f"{name}: {message}"


def show_findings(found: Sequence[Finding], failed: Mapping[str, Any], *, as_json: bool) -> None:
    """What `check` found, and what of JSON says that not all destinations could be asked."""
    names = ("model", "object", "field", "problem", "fix")
    if as_json:
        print_json({"findings": [vars(each) for each in found], **failed})
    elif found:
        rows = [[getattr(each, name) for name in names] for each in found]
        kinds = ["warning" if each.warning else "wrong" for each in found]
        print_table("Findings", ("", *names), [[kind, *row] for kind, row in zip(kinds, rows, strict=True)])
    elif not failed:
        print_text("The publish models fit the destination.")


def show_differences(
    found: Sequence[Difference],
    unmended: Sequence[Difference],
    failed: Mapping[str, Any],
    *,
    repaired: bool,
    as_json: bool,
) -> None:
    """What a reconcile found, what of it a repair did not change, and that not all destinations could be read."""
    counts = Counter(each.kind for each in found)
    if as_json:
        differences = [vars(each) for each in found]
        still = {"unmended": [vars(each) for each in unmended]} if repaired else {}
        print_json({"counts": counts, "repaired": repaired, "differences": differences, **still, **failed})
        return
    if found:
        names = ("kind", "model", "object", "row_key", "field", "ours", "theirs")
        rows = [[getattr(each, name) for name in names] for each in found[:_SHOWN]]
        print_table("Differences", names, rows)
    more = f", of which the first {_SHOWN} are shown" if len(found) > _SHOWN else ""
    again = "; missing and drifted rows were sent again" if repaired else ""
    kinds = ("missing", "extra", "drifted")
    print_text(", ".join(f"{counts[kind]} {kind}" for kind in kinds) + f"{more}{again}.")
    if unmended:
        fields = ", ".join(sorted({f"{each.object}.{each.field}" for each in unmended}))
        print_text(
            f"The repair changed nothing of {len(unmended)} differences ({fields}): the destination took what was sent,"
            " and keeps something else, such as the old value where a null was sent."
        )


class Bar:
    """Progress: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: Any = None
        self._done = self._total = 0
        self._said = time.monotonic()

    def start(self, total: int) -> None:
        """So many rows will come to an end."""
        self._total = total
        if total and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("rows", total=total)
            self._bar.start()

    def advance(self, rows: int) -> None:
        """So many more rows came to an end."""
        self._done += rows
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)
        elif time.monotonic() - self._said > _PLAIN_SECONDS:
            self._said = time.monotonic()
            log.info("%d of %d rows sent", self._done, self._total)

    def stop(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def bar() -> Iterator[Bar]:
    """A `Bar` that is stopped in any case."""
    made = Bar()
    try:
        yield made
    finally:
        made.stop()
