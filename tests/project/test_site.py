"""The docs as a site: built without a warning, whole, readable from the folder, and without a word to anybody's server."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from dbt_bench import REPO

pytest.importorskip("zensical", reason="Zensical is not installed (`make docs` installs it)")

from scripts import graph, site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site. Zensical refuses a link or an anchor that leads nowhere."""
    home = tmp_path_factory.mktemp("site")
    assert site.build(REPO, home) == 0
    return home / "site"


def nav(entries: list[object]) -> list[str]:
    """The pages of a nav, in their order."""
    found: list[str] = []
    for entry in entries:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        found += nav(value) if isinstance(value, list) else [str(value)]
    return found


class Page(HTMLParser):
    """What a page loads, and its text outside of code."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.paragraphs: list[str] = []
        self._code = self._article = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in ("script", "link", "img", "iframe", "source") and known.get("rel") != "canonical":
            self.loads += [value for name in ("src", "href") if (value := known.get(name))]
        self._code += tag in ("code", "script", "style")
        self._article += tag == "article"
        if tag in ("p", "li", "td", "h1", "h2", "h3", "h4", "ul", "ol"):
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "script", "style")
        self._article -= tag == "article"

    def handle_data(self, data: str) -> None:
        if self._article and not self._code and self.paragraphs:
            self.paragraphs[-1] += data


def test_every_page_is_in_the_nav_and_was_built(built: Path) -> None:
    text = re.sub(r"!!python/\S+", "", (REPO / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = nav(yaml.safe_load(text)["nav"])
    assert sorted(listed) == sorted(str(page.relative_to(REPO)) for page in site.pages())
    for page in listed:
        name = re.sub(r"README\.md$", "index.md", page).removesuffix(".md")
        assert (built / f"{name}.html").is_file(), page


def test_pages_load_nothing_from_elsewhere(built: Path) -> None:
    looked_at = 0
    for path in set(built.rglob("*.html")) - {built / "404.html"}:  # which a server shows for any address
        for address in Page(path).loads:
            assert not re.match(r"(\w+:)?//", address), (path, address)
            file = (path.parent / address.partition("?")[0].partition("#")[0]).resolve()
            assert address.startswith("data:") or file.exists(), (path, address)
            looked_at += 1
    assert looked_at > 100


def test_nothing_of_a_page_was_left_as_it_is_written(built: Path) -> None:
    """A table or a list that GitHub takes and the site does not would stand there as text."""
    looked_at = 0
    for path in built.rglob("*.html"):
        for text in Page(path).paragraphs:
            assert "```" not in text, (path, text)
            assert not re.search(r"^\s*\|.*\|", text, re.MULTILINE), (path, text)
            assert not re.search(r"\n\s*(-|\d+\.) \S", text), (path, text)
            looked_at += 1
    assert looked_at > 1000


def test_the_picture_has_every_folder_and_every_arrow_of_the_graph(built: Path) -> None:
    mermaid = site.MERMAID.search((REPO / "docs" / "architecture.md").read_text(encoding="utf-8"))
    assert mermaid
    picture = (built / "docs" / "architecture.html").read_text(encoding="utf-8").partition("<svg viewBox")[2]
    nodes, arrows = graph.parsed(mermaid[1])
    assert len(nodes) > 20 and len(arrows) > 20
    for group, lines in nodes.values():
        assert f">{lines[0]}</text>" in picture or f">{group}: {lines[0]}</text>" in picture
    described = re.search(r'aria-label="([^"]*)"', picture)
    assert described
    wanted = {f"{nodes[one][1][0]} to {nodes[other][1][0]}" for one, other in arrows}
    assert set(described[1].split("; ")) == wanted


def test_an_arrow_goes_down(built: Path) -> None:
    nodes, arrows = graph.parsed('subgraph a\nx["x"]\nend\ny["y"]\nz["z"]\nx --> y\ny --> z\nx --> z')
    assert graph.ranks(nodes, arrows) == [["x"], ["y"], ["z"]]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found (apt-get install chromium)")
def test_search_works_from_the_folder_and_asks_nobody(built: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    asked: list[str] = []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((built / "docs" / "rules.html").as_uri())
        page.locator(".md-search__button").click()
        page.keyboard.type("quarantined_pings")
        page.get_by_text(re.compile(r"^\d+ results?$")).first.wait_for(timeout=60_000)
        chromium.close()
    assert asked and all(address.startswith(("file:", "data:", "blob:")) for address in asked)
