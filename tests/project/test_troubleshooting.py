"""Every message that the product can end with is on docs/troubleshooting.md, and nothing there that it does not say."""

from __future__ import annotations

import csv
import re

import pytest
from dbt_bench import REPO
from messages import Message, Sources, is_message

PAGE = (REPO / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
CODE = Sources(REPO, "loader", "scripts", "dashboard")
MACRO_MESSAGE = re.compile(
    r"(?:raise_compiler_error|exceptions\.warn|\blog)\(\s*(?P<text>.*?)\)\s*(?:-?}}|-?%})", re.DOTALL
)
PASSED_ON = {
    "dashboard/app/data.py:_warehouse",  # the loader's own words about the profile
    "dashboard/app/data.py:query",  # the warehouse's
    "dashboard/report/cli.py:report",  # those of the mart
    "loader/cli.py:main",
    "loader/cli.py:reconcile",
    "loader/dbt/artifacts.py:_publish_model",
    "loader/engine/api.py:call",
    "loader/engine/api.py:fetch_token",
    "loader/engine/api.py:once",
    "loader/engine/api.py:read",
    "loader/engine/publish.py:run",
    "loader/engine/uploads.py:wait",
    "loader/errors.py:for_people",
    "loader/rounds.py:_publish",
    "loader/rounds.py:publish",
    "scripts/columns.py:read_models",
}
"""What they say was said elsewhere in the code, where it is looked at, or by a library."""


def sections() -> dict[str, list[list[str]]]:
    """The first cells of the rows under each heading: a cell holds one or several texts in backticks."""
    found: dict[str, list[list[str]]] = {}
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        rows = [line.split(" | ")[0] for line in part.splitlines() if line.startswith("| `")]
        found[part.splitlines()[0]] = [re.findall(r"`([^`]+)`", row) for row in rows]
    return found


WORDS = ("A row of the input", "A figure is missing", "An account has no score", "A data test of dbt")
ENTRIES = [text for title, rows in sections().items() if not title.startswith(WORDS) for row in rows for text in row]


def parts(text: str) -> list[str]:
    """The fixed parts of an entry or a message."""
    return [part for part in (each.strip(" \"'.()") for each in text.split("…")) if part]


def fits(entry: str, message: str) -> bool:
    """Whether an entry is about a message: all its fixed parts stand in it, in order."""
    at = 0
    for part in parts(entry):
        at = message.find(part, at) + 1
        if not at:
            return False
    return bool(parts(entry))


def macro_messages() -> list[Message]:
    """What the macros raise, warn of and tell; quotes inside are kept, what is put in is `…`."""
    found = []
    for path in sorted([*(REPO / "macros").rglob("*.sql"), *(REPO / "tests").rglob("*.sql")]):
        for match in MACRO_MESSAGE.finditer(path.read_text(encoding="utf-8")):
            texts = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", match["text"])
            text = "…".join((one or other).replace("\\'", "'") for one, other in texts)
            found.append(Message(re.sub(r"…( ?~ ?)?…", "…", text), f"{path.name}"))
    return [each for each in found if is_message(each.text)]


PYTHON, PASSING = CODE.messages()
SAID = sorted({each.text for each in [*PYTHON, *macro_messages()]})
TESTS = {path.stem for path in (REPO / "tests" / "singular").glob("*.sql")}
LOADER = re.sub(
    r"""["']\s*\n\s*f?["']""",
    "",
    "".join(path.read_text(encoding="utf-8") for path in sorted((REPO / "loader").rglob("*.py"))),
)


@pytest.mark.parametrize("message", SAID)
def test_every_message_has_an_entry(message: str) -> None:
    assert any(fits(entry, message) for entry in ENTRIES), message


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_of_a_message_that_the_code_still_says(entry: str) -> None:
    assert entry in TESTS or any(fits(entry, text) for text in SAID) or all(part in LOADER for part in parts(entry)), (
        entry
    )


def test_an_entry_is_no_net_for_everything() -> None:
    """Where it is short, it must still be words that somebody would search for."""
    for entry in ENTRIES:
        assert sum(map(str.isalpha, entry)) >= 4, entry
        assert sum(fits(entry, text) for text in SAID) <= 25, entry


def test_a_message_that_is_not_followed_is_one_of_somebody_else() -> None:
    foreign = {place for place in PASSING if place.split(":")[0].split("/")[-1] in FOREIGN}
    assert PASSING - foreign == PASSED_ON


FOREIGN = ("replies.py", "client.py", "writing.py", "sending.py", "sender.py", "cockpit.py", "bulk.py", "http.py")
"""Modules that turn a destination's reply into an outcome: its own words are passed on."""


def seed_words(name: str, column: str) -> set[str]:
    """The words of a seed's column."""
    with (REPO / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row[column] for row in csv.DictReader(file) if row[column]}


def words_of(title: str) -> set[str]:
    """The words in the first cells under a heading, and in its text."""
    return set(re.findall(r"`([a-z_0-9]+)`", PAGE.partition(f"## {title}")[2].partition("\n## ")[0]))


def test_every_finding_and_every_reason_has_its_row() -> None:
    assert seed_words("finding_kinds", "finding") <= words_of("A row of the input was not used as it stands")
    reasons = words_of("A figure is missing") | words_of("An account has no score")
    known = seed_words("value_statuses", "value_reason")
    assert known <= reasons, known - reasons
    listed = {
        word
        for title in ("A figure is missing", "An account has no score")
        for row in sections()[title]
        for word in row
    }
    assert listed <= known


def test_every_reason_for_a_ping_of_nobody_and_for_a_line_that_is_none_is_told() -> None:
    section = PAGE.partition("## A row of the input was not used as it stands")[2].partition("\n## ")[0]
    pings = (REPO / "models/marts/data_quality/fct_unmapped_pings.yml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"unmapped_reason: \[([^\]]+)\]", pings)
    for reason in re.split(r",\s*", listed):
        assert f"`{reason}`" in section, reason
    macros = "".join(path.read_text(encoding="utf-8") for path in (REPO / "macros" / "raw").rglob("*quarantined*.sql"))
    for reason in set(re.findall(r"(?:then|else) '([a-zA-Z][^'{]{3,}[a-zA-Z8])'", macros)) - {"cast"}:
        assert f"`{reason}`" in section, reason


def test_every_data_test_is_told() -> None:
    section = PAGE.partition("## dbt warns")[2].partition("\n## An account")[0]
    told = [text.split("…")[0] for text in re.findall(r"`((?:test_|unique_|is_|are_|grain_)[^`]+)`", section)]
    for path in [*(REPO / "tests" / "singular").glob("*.sql"), *(REPO / "tests" / "generic").glob("*.sql")]:
        assert any(path.stem.startswith(each) for each in told), path.stem
