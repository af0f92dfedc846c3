"""The loader stays small enough to read in an evening. Lines are of code: no blanks, comments or docstrings."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

LOADER = Path(__file__).parents[2] / "loader"
MODULES = sorted(LOADER.rglob("*.py"))
NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines_of_code(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in NOT_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - docstrings)


@pytest.mark.parametrize(
    ("package", "limit"),
    [("engine", 2300), ("gainsight", 900), ("gainsight_s3", 450), ("marketo", 900), ("salesforce", 1200)],
)
def test_a_package_can_be_held_in_the_head(package: str, limit: int) -> None:
    modules = [path for path in MODULES if path.parent.name == package]
    assert len(modules) > 4
    assert sum(map(lines_of_code, modules)) < limit


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LOADER)))
def test_modules_are_under_400_lines_and_functions_under_40(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert {f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 >= 40} == set()
