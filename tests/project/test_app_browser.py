"""The app in a real browser: what only a browser shows. Not run, and said so, where Chromium or Playwright is missing."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import Mart

pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (`make test` installs it)")
axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed (`make test` installs it)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("no Chromium was found (apt-get install chromium)", allow_module_level=True)

from app_bench import FORMULA, HARM, hostile, served  # noqa: E402 - not without Streamlit

BUSY = "0014M0000000004QAA"
WAIT = 90_000
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
PAGES = {
    "": "The whole book",
    "portfolio": "subscriptions in force end within",
    "accounts": "32 accounts",
    f"?account={BUSY}": "Published",
    "dictionary": "entries",
    "quality": "checks",
}
"""Each page's address, and a text that stands on it last."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def harmful(sample_mart: Mart, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """The app over a mart with hostile names: its address and the ids of two such accounts."""
    home = tmp_path_factory.mktemp("app")
    database, harm, formula = hostile(sample_mart.database, home)
    with served(database, home) as address:
        yield address, harm, formula


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A window of its own, which nothing may have asked anything in."""
    window = browser.new_page(viewport={"width": 1400, "height": 1000})
    window.set_default_timeout(WAIT)
    asked: list[str] = []
    window.add_init_script("delete window.showSaveFilePicker")  # a dialog of the system, which nobody could answer
    window.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    yield window
    assert asked == []
    window.close()


def test_an_address_with_an_account_opens_its_page_and_shows_its_figures(
    page: Any, harmful: tuple[str, str, str], sample_mart: Mart
) -> None:
    row = sample_mart.one("mart_account_standing", account_id=BUSY)
    page.goto(f"{harmful[0]}/?account={BUSY}")
    page.get_by_role("heading", name="Copper Semiconductors").wait_for()
    assert page.locator("[data-testid=stMetric]", has_text="Score").inner_text().split() == [
        "Score",
        f"{row['overall_score']:.1f}",
    ]
    assert f"account={BUSY}" in page.url
    page.get_by_text("Published", exact=True).last.wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_hostile_name_is_read_as_it_stands_and_makes_nothing(page: Any, harmful: tuple[str, str, str]) -> None:
    page.goto(f"{harmful[0]}/?account={harmful[1]}")
    page.locator("h2", has_text="<img src=x").wait_for()
    assert page.locator("h2", has_text="<img src=x").inner_text() == HARM
    page.get_by_text("Published", exact=True).last.wait_for()
    main = page.locator("[data-testid=stMain]")
    assert main.locator("img[src=x]").count() == 0
    assert main.locator("a[href*=evil]").count() == 0
    assert page.title() == "Customer health"


def test_a_chart_is_saved_as_a_picture(page: Any, harmful: tuple[str, str, str], tmp_path: Path) -> None:
    page.goto(f"{harmful[0]}/?account={BUSY}")
    chart = page.locator("[data-testid=stFullScreenFrame]", has=page.locator("[data-testid=stVegaLiteChart]")).first
    page.get_by_text("Published", exact=True).last.wait_for()
    page.locator(SETTLED).wait_for()
    chart.hover()
    with page.expect_download() as waited:
        chart.get_by_label("Download as PNG").dispatch_event("click")
    waited.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_click_on_a_row_opens_its_account(page: Any, harmful: tuple[str, str, str]) -> None:
    page.goto(harmful[0])
    open_accounts(page)
    grid = page.locator("[data-testid=stDataFrame]").first
    box = grid.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 17)
    page.get_by_role("heading", name="Signals and changes").wait_for()
    assert "account=" in page.url


def test_a_table_saved_as_csv_has_all_rows_and_no_formula(
    page: Any, harmful: tuple[str, str, str], tmp_path: Path
) -> None:
    page.goto(harmful[0])
    open_accounts(page)
    grid = page.locator("[data-testid=stDataFrame]").first
    grid.hover()
    with page.expect_download() as waited:
        page.get_by_label("Download as CSV").first.dispatch_event("click")
    waited.value.save_as(tmp_path / "accounts.csv")
    with (tmp_path / "accounts.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    assert {HARM, f"'{FORMULA}"} <= {row["Account"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(scheme: str, browser: Any, harmful: tuple[str, str, str]) -> None:
    window = browser.new_page(color_scheme=scheme, viewport={"width": 1400, "height": 1000})
    window.set_default_timeout(WAIT)
    for path, last in PAGES.items():
        window.goto(f"{harmful[0]}/{path}")
        window.get_by_text(last).last.wait_for()
        window.locator(SETTLED).wait_for()
        window.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
        found = window.evaluate("axe.run()")["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], path
        assert window.locator("[data-testid=stException]").count() == 0, path
    window.close()


def open_accounts(page: Any) -> None:
    """Goes to the list of accounts by the page's own menu."""
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    page.get_by_text("32 accounts").last.wait_for()
    page.locator(SETTLED).wait_for()
