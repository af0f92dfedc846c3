"""A bench for the customer report: writes reports over a mart and reads them as a customer, and as somebody who looks for others."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from app_bench import settings
from dbt_bench import Mart, environment

from dashboard.__main__ import main

JUDGEMENT = re.compile(
    r"\b(scores?|scored|unscored|colou?rs?|red|yellow|green|risk|risks|churn\w*|signals?|health\w*|weights?|arr|revenue|csm"
    r"|contraction|shelfware|upsell|expansion|customer success manager)\b",
    re.IGNORECASE,
)
"""Words of ours that no customer is to read of itself."""


def written(database: Path, home: Path, *arguments: str) -> int:
    """Runs the command over this database; its exit code."""
    home.mkdir(parents=True, exist_ok=True)
    with environment(**settings(database, home)):
        return main(["report", *arguments])


@dataclass
class Page(HTMLParser):
    """What a page is made of."""

    path: Path
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: list[str] = []
        self.source = self.path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = [tag] if tag in ("style", "script") else []

    def handle_endtag(self, tag: str) -> None:
        self._inside = []

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All that a person reads, or has read out."""
        spoken = [value for _, attrs in self.tags for name, value in attrs.items() if name == "aria-label" and value]
        return "\n".join([*self.texts, *spoken])


def folder_text(folder: Path) -> str:
    """Everything that stands in a report's files, as text, styles aside."""
    sources = []
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8-sig")
        sources.append(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    return html.unescape("\n".join(sources))


def read_text(folder: Path) -> str:
    """What a person reads of a report: the page's text and the data."""
    data = [path.read_text(encoding="utf-8-sig") for path in sorted(folder.glob("*.csv"))]
    return "\n".join([Page(folder / "report.html").text, *data])


def records(path: Path) -> list[dict[str, str]]:
    """The rows of a data file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def marks_of(mart: Mart) -> dict[str, set[str]]:
    """By account what tells it from others: id, name, manager, and host and uuid of each instance it has had."""
    found: dict[str, set[str]] = {}
    for row in mart.rows("select account_id, account_name, csm_email from dim_accounts"):
        found[row["account_id"]] = {row["account_id"], row["account_name"]}
    for row in mart.rows(
        "select account_id, hostname, uuid from fct_instance_activity inner join dim_instances using (instance_id, account_id)"
        " union select account_id, hostname, uuid from dim_instances where account_id is not null"
    ):
        found[row["account_id"]] |= {row["hostname"], row["uuid"]}
    for row in mart.rows("select account_id, subscription_id, original_subscription_id from dim_subscriptions"):
        found[row["account_id"]] |= {row["subscription_id"], row["original_subscription_id"]}
    return {account: {mark for mark in marks if mark} for account, marks in found.items()}


def strangers(out: Path, mart: Mart) -> Iterator[tuple[str, str]]:
    """(account whose report it is, mark of another account that stands in it)."""
    marks = marks_of(mart)
    for account, own in marks.items():
        if (out / account).is_dir():
            text = folder_text(out / account)
            others = set().union(*(found for other, found in marks.items() if other != account)) - own
            for mark in sorted(others):
                if mark in text and re.search(rf"(?<![\w.-]){re.escape(mark)}(?![\w-])", text):
                    yield account, mark
