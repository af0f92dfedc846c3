"""The docs as a site: `make docs`. Copies the pages as they stand to build/docs and builds build/site from them.

The pages lie in the copy as they lie in the repository, so a link that leads somewhere on GitHub leads there, too.
Pictures of the graph, which GitHub draws in the browser, are drawn here, since the site loads no script from elsewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.graph import drawn

REPO = Path(__file__).parents[1]
PAGES = ("*.md", "docs/*.md", "dashboard/*.md", "sample/*.md", "sandbox/**/*.md", "examples/**/*.md")
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)")
ITEM, FENCE = re.compile(r"(?:\d+\.|-) "), re.compile(r" *```")
MERMAID = re.compile(r"```mermaid\n(.*?)```", re.DOTALL)


def pages(repo: Path = REPO) -> list[Path]:
    """Every page of the site."""
    return sorted({path for pattern in PAGES for path in repo.glob(pattern)})


def lists(text: str) -> str:
    """A page with its lists as Python-Markdown wants them: a blank line before, four spaces before what is an item's.

    GitHub needs neither the one nor all of the other.
    """
    lines: list[str] = []
    indent, fenced, parted = "", False, True
    for line in text.splitlines():
        item = ITEM.match(line) if not fenced else None
        if item and not parted and lines[-1].strip():
            lines.append("")
        if item:
            indent, parted = " " * len(item[0]), True
        elif not line.strip():
            parted = False
        elif not line.startswith(" "):
            indent, parted = (indent, parted) if indent and lines[-1].strip() else ("", False)
        fenced ^= bool(FENCE.match(line))
        lines.append(f"    {line.removeprefix(indent)}" if indent and line.startswith(indent) else line)
    return "\n".join(lines) + "\n"


def copy(repo: Path, home: Path) -> None:
    """Pages, and the files that they link to."""
    for page in pages(repo):
        text = page.read_text(encoding="utf-8")
        target = home / page.relative_to(repo)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(MERMAID.sub(lambda found: drawn(found[1]), lists(text)), encoding="utf-8")
        for link in LINK.findall(text):
            linked = (page.parent / link).resolve()
            if linked.is_file() and linked.suffix != ".md":
                beside = home / linked.relative_to(repo.resolve())
                beside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(linked, beside)
    shutil.copytree(repo / "docs" / "assets", home / "docs" / "assets", dirs_exist_ok=True)


def build(repo: Path = REPO, home: Path | None = None) -> int:
    """Builds the site anew, below `home` (the repository's folder build); Zensical's exit code, 1 on a warning."""
    home = home or repo / "build"
    for part in ("docs", "site"):
        shutil.rmtree(home / part, ignore_errors=True)
    copy(repo, home / "docs")
    settings = home / "site.yml"
    text = (repo / "mkdocs.yml").read_text(encoding="utf-8")
    settings.write_text(
        text.replace("docs_dir: build/", "docs_dir: ").replace("site_dir: build/", "site_dir: "), encoding="utf-8"
    )
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean", "-f", str(settings)]
    return subprocess.run(command, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(build())
