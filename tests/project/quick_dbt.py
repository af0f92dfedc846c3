"""What dbt works out anew for each node of each run, though it comes out the same: here it is worked out once.

A tenth to a fifth of what a build costs. Nothing of what a build does is left out but messages of level debug.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import dbt.compilation
import dbt.context.base
import jinja2
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager

KNOWN: dict[Any, Any] = {}


def remembered_templates() -> None:
    """The same text compiles to the same code in each environment of a kind."""
    compile_anew = jinja2.Environment.compile

    def compile_once(self: jinja2.Environment, source: Any, name: Any = None, filename: Any = None, *more: Any) -> Any:
        if not isinstance(source, str) or more:
            return compile_anew(self, source, name, filename, *more)
        key = (type(self), tuple(self.extensions), source, name, filename)
        if key not in KNOWN:
            KNOWN[key] = compile_anew(self, source, name, filename)
        return KNOWN[key]

    jinja2.Environment.compile = compile_once  # type: ignore[assignment, method-assign]


def remembered_ctes() -> None:
    """An ephemeral model is put into a query by taking the query apart, which is slow."""
    inject_anew = dbt.compilation.inject_ctes_into_sql

    def inject_once(sql: str, ctes: list[Any]) -> str:
        key = (sql, *((cte.id, cte.sql) for cte in ctes))
        if key not in KNOWN:
            KNOWN[key] = inject_anew(sql, ctes)
        return str(KNOWN[key])

    dbt.compilation.inject_ctes_into_sql = inject_once


def no_debug_messages() -> None:
    """Nobody reads them."""
    fire_any = EventManager.fire_event

    def fire(self: EventManager, event: Any, level: Any = None, *more: Any, **named: Any) -> None:
        if (level or event.level_tag()) != EventLevel.DEBUG:
            fire_any(self, event, level, *more, **named)

    EventManager.fire_event = fire  # type: ignore[method-assign]


remembered_templates()
remembered_ctes()
no_debug_messages()
dbt.context.base.get_context_modules = cache(dbt.context.base.get_context_modules)
