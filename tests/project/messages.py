"""Every message that the Python code can end with, as text in which `…` stands for what is filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RAISES = re.compile(r"(Error|RowRejected|NotTheApi|wrong|stopped|Rejection|fail)$")
LETTERS = 7
"""Of less fixed text nobody could find a message."""


@dataclass(frozen=True)
class Message:
    """A message and where it is made."""

    text: str
    place: str


def text_of(node: ast.AST) -> str:
    """The text of an expression; what is not known before it runs is `…`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return "…"


def choices(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions of which one is taken: both sides of `a if x else b`, of `a or b`."""
    if isinstance(node, ast.IfExp):
        yield from choices(node.body)
        yield from choices(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from choices(value)
    else:
        yield node


def is_message(text: str) -> bool:
    """Whether somebody could look for it: enough fixed text, of several words."""
    fixed = text.replace("…", " ")
    return sum(map(str.isalpha, fixed)) >= LETTERS and " " in fixed.strip()


class Sources:
    """The Python files below some folders, parsed, with what their names stand for."""

    def __init__(self, repo: Path, *folders: str) -> None:
        files = [path for folder in folders for path in sorted((repo / folder).rglob("*.py"))]
        self.trees = {str(path.relative_to(repo)): ast.parse(path.read_text(encoding="utf-8")) for path in files}
        self.known = {file: dict(_defined(tree)) for file, tree in self.trees.items()}
        everywhere = {name: node for names in self.known.values() for name, node in names.items()}
        for file, tree in self.trees.items():
            for node in [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]:
                imported = {each.name: everywhere[each.name] for each in node.names if each.name in everywhere}
                self.known[file] = imported | self.known[file]

    def messages(self) -> tuple[set[Message], set[str]]:
        """Messages, and the places that only pass on what somebody else said."""
        found: set[Message] = set()
        passed_on: set[str] = set()
        for file, tree in self.trees.items():
            for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
                for call in _calls(function):
                    place = f"{file}:{function.name}"
                    said = call.args[2 if _name(call.func) == "Rejection" and len(call.args) > 2 else 0]
                    texts = {text for each in choices(said) for text in self._texts(each, function, file)}
                    if told := {text for text in texts if is_message(text)}:
                        found |= {Message(text, place) for text in told}
                    else:
                        passed_on.add(place)
        return found, passed_on

    def _texts(self, node: ast.AST, function: ast.AST, file: str, depth: int = 0) -> set[str]:
        """What an expression says, looked up where it names a variable, a constant or a function of the module."""
        if is_message(text := text_of(node)) or depth > 3:
            return {text}
        texts: set[str] = set()
        for name in {_name(each) for each in ast.walk(node)} - {""}:
            known = self.known[file].get(name)
            values = [*_assigned(function, name), *(_returned(known) if known else [])]
            for value in [choice for each in values for choice in choices(each) if choice is not node]:
                if isinstance(value, ast.Dict):
                    texts |= {text_of(each) for each in value.values}
                else:
                    inside = known if isinstance(known, ast.FunctionDef) else function
                    texts |= self._texts(value, inside, file, depth + 1)
        return texts


def _defined(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Functions and constants of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if _name(target).isupper():
                    yield _name(target), node.value


def _returned(known: ast.AST) -> list[ast.AST]:
    """What a function returns, or a constant is."""
    if not isinstance(known, ast.FunctionDef):
        return [known]
    return [each.value for each in ast.walk(known) if isinstance(each, ast.Return) and each.value]


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and node.args and RAISES.search(_name(node.func)) and _name(node.func) != "super":
            yield node


def _assigned(function: ast.AST, name: str) -> list[ast.AST]:
    return [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and name in {_name(target) for target in node.targets}
    ]
