"""The customer report in a real browser: whole for everybody, silent, and short enough to print. Not run, and said so, without Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import Mart

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")
pytest.importorskip("vl_convert", reason="vl-convert is not installed (`make dashboard` installs it)")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (`make test` installs it)")
axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed (`make test` installs it)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("no Chromium was found (apt-get install chromium)", allow_module_level=True)

from app_bench import HARM, copied  # noqa: E402 - not without Streamlit
from report_bench import written  # noqa: E402

BUSY = "0014M0000000004QAA"


@pytest.fixture(scope="module")
def address(sample_mart: Mart, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of one account, whose name somebody made up to harm."""
    home = tmp_path_factory.mktemp("report")
    sample_mart.close()
    change = f"update mart_account_periods set account_name = '{HARM}' where account_id = '{BUSY}'"
    database = copied(sample_mart.database, home, change)
    assert written(database, home, "--account", BUSY, "--out", str(home / "out")) == 0
    return (home / "out" / BUSY / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def test_a_report_asks_for_nothing_but_itself_and_a_hostile_name_does_nothing(browser: Any, address: str) -> None:
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(address)
    assert page.locator("h1").inner_text() == HARM
    assert page.title().startswith(HARM)
    assert (asked, said) == ([address], [])
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(browser: Any, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, bypass_csp=True)
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []
    page.close()


def test_a_report_prints_on_three_sheets_of_a4(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 3
    page.close()
