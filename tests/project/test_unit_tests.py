"""dbt's unit tests hold under any setting and any seed: each says itself what its values are worked out for."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from dbt_bench import REPO

MACRO = re.compile(r"{%-?\s*macro (\w+)\(.*?\)\s*-?%}(.*?){%-?\s*endmacro", re.DOTALL)
VAR = re.compile(r"\bvar\(\s*['\"](\w+)")
CALL = re.compile(r"\b(\w+)\(")


def unit_tests() -> list[tuple[str, dict[str, Any]]]:
    """File and content of every unit test."""
    return [
        (path.name, test)
        for path in sorted((REPO / "models").rglob("*__unit_tests.yml"))
        for test in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["unit_tests"]
    ]


@cache
def macros() -> dict[str, str]:
    """The SQL of every macro by its name."""
    return {
        name: body
        for path in sorted((REPO / "macros").rglob("*.sql"))
        for name, body in MACRO.findall(path.read_text("utf-8"))
    }


def vars_read(sql: str, replaced: frozenset[str], seen: set[str] | None = None) -> set[str]:
    """The vars that a piece of SQL reads, by itself or by the macros it calls, without those that a test replaces."""
    seen = seen if seen is not None else set()
    found = set(VAR.findall(sql))
    for name in set(CALL.findall(sql)) & macros().keys() - replaced - seen:
        seen.add(name)
        found |= vars_read(macros()[name], replaced, seen)
    return found


def model_sql(name: str) -> str:
    """A model's file."""
    (path,) = (REPO / "models").rglob(f"{name}.sql")
    return Path(path).read_text("utf-8")


def test_every_input_of_a_unit_test_has_its_rows_in_the_test() -> None:
    """None is read from a seed, which an analyst may change."""
    without = [
        (file, test["name"], given["input"])
        for file, test in unit_tests()
        for given in test["given"]
        if not {"rows", "fixture"} & given.keys()
    ]
    assert without == []


def test_every_var_that_a_model_reads_is_stated_by_its_unit_tests() -> None:
    """No value depends on the default of a var, or on what `--vars` says."""
    missing = {}
    for file, test in unit_tests():
        overrides = test.get("overrides") or {}
        read = vars_read(model_sql(test["model"]), frozenset(overrides.get("macros") or {}))
        if unstated := read - (overrides.get("vars") or {}).keys():
            missing[file, test["name"]] = unstated
    assert missing == {}
