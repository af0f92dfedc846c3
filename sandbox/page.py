"""The read-only page (placeholder)."""

from __future__ import annotations

from typing import Any


def render(path: str, store: Any, calls: Any, usage: Any) -> str | None:
    """Not built yet."""
    return "<p>sandbox</p>" if path == "/" else None
