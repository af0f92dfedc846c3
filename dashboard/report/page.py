"""Renders the page of one account: one HTML document that asks nothing of anybody and runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard import formats
from dashboard.app.charts import period_label
from dashboard.report import charts, missing, sections
from dashboard.report.data import Parcel
from dashboard.report.words import Words

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Setting:
    """What holds for all reports of a run.

    Attributes:
        words: the seeds' texts.
        grain: month, two_weeks or week.
        as_of: day of the mart; None where nothing says so.
        sender: who sends it, as the page names it; may be empty.
    """

    words: Words
    grain: str
    as_of: date | None
    sender: str = ""


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(parcel: Parcel, setting: Setting, files: list[tuple[str, str]]) -> str:
    """The page as HTML.

    Args:
        parcel: what is known of the account.
        setting: of the run.
        files: name and content of the data files that lie beside the page.
    """
    words, grain = setting.words, setting.grain
    beside = sections.peers(parcel, words)
    return (
        _templates()
        .get_template("report.html")
        .render(
            name=parcel.account["account_name"] or parcel.account_id,
            as_of=formats.day(setting.as_of or parcel.account["period_start"]),
            sender=setting.sender,
            figures=sections.key_figures(parcel, words),
            bought=sections.bought(parcel),
            seats_chart=charts.seats(parcel["periods"], sections.SERIES, grain),
            months=sections.months(parcel, words, grain),
            adoption=sections.adoption(parcel, words),
            goals=sections.goals(parcel, words),
            instances=sections.instances(parcel, words),
            peers=beside,
            peers_period=period_label(beside, grain) if beside["period_start"] else "",
            peers_chart=charts.peers(parcel["peers"]),
            not_measured=missing.not_measured(parcel, words),
            keys=sections.keys(parcel),
            words=words,
            files=files,
        )
    )
