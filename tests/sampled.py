"""A matrix of which `make test` runs a sample, and `make test-long` the rest."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], chosen: Container[Any]) -> list[Any]:
    """The cases for `parametrize`: all but the chosen ones are long.

    Args:
        cases: values, or tuples of several.
        chosen: those that `make test` runs; at least one is a case.
    """
    marked = []
    for case in (every := list(cases)):
        values = case if isinstance(case, tuple) else (case,)
        marked.append(pytest.param(*values, marks=[] if case in chosen else [pytest.mark.long]))
    assert any(case in chosen for case in every), "nothing is chosen"
    return marked
