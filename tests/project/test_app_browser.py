"""The app in a real browser: what only a browser shows. Not run, and said so, where Chromium or Playwright is missing.

A browser is dear. In `make test` the oldest Streamlit shows the pages with the most kinds of elements; that it shows the others,
too, and the README's pictures are long.
"""

from __future__ import annotations

import csv
import os
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

from app_bench import FORMULA, HARM, OLDEST, copied, hostile, served  # noqa: E402 - not without Streamlit
from PIL import Image  # noqa: E402 - comes with Streamlit
from sampled import sampled  # noqa: E402

BUSY = "0014M0000000004QAA"
WAIT = 90_000
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
PAGES = {
    "": "The whole book",
    "portfolio": "subscriptions in force end within",
    "accounts": "32 accounts",
    "instances": "53 instances",
    f"?account={BUSY}": "Published",
    "dictionary": "entries",
    "quality": "checks",
}
"""Each page's address, and a text that stands on it last."""
DRAWN = """() => !document.querySelector('[data-testid=stSkeleton]')
    && [...document.querySelectorAll('canvas')].filter(each => each.width).length > 3"""
"""Whether tables and charts are there, which come after the texts."""
PICTURES = {"portfolio": ("portfolio", PAGES["portfolio"]), "account": (f"?account={BUSY}", "Published")}
"""The README's, each with its address and what stands last."""
FOCUSED = """() => {
    const at = document.activeElement, above = [at];
    while (above.length < 6 && above.at(-1).parentElement) above.push(above.at(-1).parentElement);
    const label = at.getAttribute('aria-label') || at.innerText || at.id || at.tagName;
    const own = getComputedStyle(at);
    const edged = above.some(each => getComputedStyle(each).borderTopColor == 'rgb(42, 91, 184)');
    return [label.trim(), own.outlineStyle != 'none' || own.boxShadow != 'none' || at.tagName == 'INPUT' && edged];
}"""
"""What has the keyboard: its name, and whether one sees it; a box to type into has an edge in the app's color."""


IS_DARK = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/[0-9]+/)[0] < 128"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def app(sample_mart: Mart, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The app over a mart: its address, and the file."""
    home = tmp_path_factory.mktemp("app")
    database = copied(sample_mart.database, home)
    with served(database, home) as address:
        yield address, database


@pytest.fixture(scope="module")
def harmful(app: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """The app over a mart with hostile names: its address and the ids of two such accounts."""
    address, served_file = app
    database, harm, formula = hostile(served_file, tmp_path_factory.mktemp("harm"))
    database.replace(served_file)  # as a build leaves another file to a running app
    return address, harm, formula


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


@pytest.mark.long
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_for_the_readme_are_small(name: str, page: Any, app: tuple[str, Path], tmp_path: Path) -> None:
    """Before any other test puts hostile names into the mart. `make pictures` keeps them."""
    path, last = PICTURES[name]
    page.set_viewport_size({"width": 1280, "height": 1120})
    page.goto(f"{app[0]}/{path}")
    settled(page, last)
    page.wait_for_function(DRAWN)
    folder = Path(os.environ.get("PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=tmp_path / "raw.png")
    with Image.open(tmp_path / "raw.png") as picture:
        picture.convert("RGB").quantize(128).save(folder / f"{name}.png", optimize=True)
    assert 20_000 < (folder / f"{name}.png").stat().st_size < 150_000


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


def test_a_chart_is_saved_as_a_picture_and_as_a_drawing(
    page: Any, harmful: tuple[str, str, str], tmp_path: Path
) -> None:
    page.goto(f"{harmful[0]}/?account={BUSY}")
    chart = page.locator("[data-testid=stFullScreenFrame]", has=page.locator("[data-testid=stVegaLiteChart]")).first
    settled(page, "Published")
    chart.hover()
    with page.expect_download() as waited:
        chart.get_by_label("Download as PNG").dispatch_event("click")
    waited.value.save_as(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save as SVG").first.click()
    assert waited.value.suggested_filename == "overall-score-by-period.svg"
    waited.value.save_as(tmp_path / "chart.svg")
    drawn = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert "Jun 2026" in drawn


def test_whoever_has_a_keyboard_alone_gets_to_an_account_and_sees_where_they_are(
    page: Any, harmful: tuple[str, str, str]
) -> None:
    page.goto(f"{harmful[0]}/accounts")
    settled(page, "32 accounts")
    names, unseen = [], []
    while "Plan" not in names and len(names) < 40:
        page.keyboard.press("Tab")
        name, seen = page.evaluate(FOCUSED)
        names.append(name)
        unseen += [] if seen else [name]
    links = ["My book", "Portfolio", "Accounts", "Account", "Instances", "Dictionary", "Quality and publishing"]
    boxes = ["Search name or id", "Health", "Segment", "Region", "CSM", "Plan"]
    assert [name for name in names if name in (*links, *boxes)] == [*links, *boxes], names
    assert unseen == []
    page.get_by_role("link", name="Account", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Account").wait_for()
    page.get_by_role("combobox", name="Account").focus()
    page.keyboard.type("Copper Semi")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("h2", has_text="Copper Semiconductors").wait_for()


MOST_KINDS = ("", "portfolio", f"?account={BUSY}")


@pytest.mark.parametrize(
    ("paths",), sampled([(MOST_KINDS,), (tuple(PAGES),)], [(MOST_KINDS,)]), ids=["most kinds", "all"]
)
def test_every_page_works_on_the_oldest_streamlit(
    paths: tuple[str, ...], page: Any, sample_mart: Mart, tmp_path: Path
) -> None:
    if not (OLDEST / "streamlit").is_dir():
        pytest.skip("the oldest Streamlit is not there (`make test` installs it)")
    with served(sample_mart.database, tmp_path, OLDEST) as address:
        for path in paths:
            page.goto(f"{address}/{path}")
            settled(page, PAGES[path])
            assert page.locator("[data-testid=stException]").count() == 0, path
            if path.startswith("?account"):
                menu = page.locator(".vega-actions a").all_text_contents()
                assert {"Save as SVG", "Save as PNG"} <= set(menu), menu


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


def test_axe_finds_nothing_serious_light_or_dark_and_nothing_is_wider_than_the_window(
    page: Any, harmful: tuple[str, str, str]
) -> None:
    for path, last in PAGES.items():
        for scheme, width in (("light", 1400), ("dark", 800)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 1000})
            if scheme == "light":
                page.goto(f"{harmful[0]}/{path}")
                settled(page, last)
            page.wait_for_function(IS_DARK if scheme == "dark" else f"!({IS_DARK})")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
            found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")["violations"]
            serious = [
                (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
            ]
            assert serious == [], (path, scheme)
            assert page.locator("[data-testid=stException]").count() == 0, path


def settled(page: Any, last: str) -> None:
    """Waits until a page is there to its end."""
    page.get_by_text(last).last.wait_for()
    page.locator(SETTLED).wait_for()


def open_accounts(page: Any) -> None:
    """Goes to the list of accounts by the page's own menu."""
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    page.get_by_text("32 accounts").last.wait_for()
    page.locator(SETTLED).wait_for()
