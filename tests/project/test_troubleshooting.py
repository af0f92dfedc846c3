"""The messages that docs/troubleshooting.md explains are messages that the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dbt_bench import REPO

PAGE = (REPO / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `") and not line.startswith("| `---")]


def messages() -> list[str]:
    """The first cells of the tables of messages, without the table of reasons."""
    listed = [re.match(r"\| `(.+?)(?<!\\)` \|", line) for line in ROWS]
    return [m[1].replace("\\`", "`") for m in listed if m and not re.fullmatch(r"[a-z_]+", m[1])]


def source_text() -> str:
    """What macros and Python say, with adjoining strings put together."""
    folders = ("macros", "loader", "scripts")
    files: list[Path] = [
        path for folder in folders for path in (REPO / folder).rglob("*") if path.suffix in (".sql", ".py")
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r"""["']\s*\n\s*(?:~ )?f?["']""", "", text)


@pytest.mark.parametrize("message", messages())
def test_the_code_still_says_so(message: str) -> None:
    text = source_text()
    parts = [part.strip() for part in message.split("…") if part.strip(" \"'.")]
    assert parts
    assert all(part in text for part in parts), message


def test_every_reason_of_a_missing_score_is_in_the_vocabulary() -> None:
    reasons = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))
    known = (REPO / "seeds" / "value_statuses.csv").read_text(encoding="utf-8")
    assert reasons and all(f",{reason}," in known for reason in reasons)
