"""What dbt works out anew for each node of each run, though it comes out the same or nobody asks for it.

A third of what a build costs. Nothing of what a build does is left out but messages of level debug.
`PLAIN_DBT=1`, which `make test-long` sets, leaves dbt as it is.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import dbt.compilation
import dbt.context.base
import dbt.context.exceptions_jinja
import dbt.context.macros
import dbt.context.manifest
import dbt.context.providers
import dbt_common.tests
import jinja2
from dbt.clients.jinja import MacroGenerator
from dbt_common.events.base_types import BaseEvent, EventLevel
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


def late_messages() -> None:
    """A message is put together when somebody looks at it, which nobody does at one of level debug."""
    init, look = BaseEvent.__init__, BaseEvent.__getattr__

    def init_later(self: BaseEvent, *args: Any, **kwargs: Any) -> None:
        if self.level_tag() == EventLevel.DEBUG:
            self.__dict__["later"] = (args, kwargs)
        else:
            init(self, *args, **kwargs)

    def look_now(self: BaseEvent, key: str) -> Any:
        if key == "pb_msg" and (later := self.__dict__.pop("later", None)):
            init(self, *later[0], **later[1])
        return look(self, key) if key == "pb_msg" else getattr(self.pb_msg, key)

    BaseEvent.__init__ = init_later  # type: ignore[method-assign]
    BaseEvent.__getattr__ = look_now  # type: ignore[method-assign]


def plain_macros() -> None:
    """Each node has a context with all 800 macros: they are put there without a call for each."""

    def build_namespace(self: Any, macros_by_package: dict[str, dict[str, Any]], ctx: dict[str, Any]) -> Any:
        shared = {"context": ctx, "node": self.node, "stack": self.thread_ctx}
        made: dict[str, dict[str, MacroGenerator]] = {}
        for package, macros in macros_by_package.items():
            functions = made[package] = {}
            for name, macro in macros.items():
                function = functions[name] = MacroGenerator.__new__(MacroGenerator)
                function.__dict__ = {**shared, "macro": macro}
        internal: dict[str, MacroGenerator] = {}
        for package in reversed(self.internal_package_names_order):
            internal.update(made.get(package, {}))
        packages = {name: found for name, found in made.items() if name not in self.internal_package_names}
        local = dict(packages.get(self.search_package, {}))
        of_root = {} if self.root_package == self.search_package else dict(packages.get(self.root_package, {}))
        return dbt.context.macros.MacroNamespace(of_root, local, internal, packages)

    def to_dict(self: Any) -> dict[str, Any]:
        context = super(dbt.context.manifest.ManifestContext, self).to_dict()
        if isinstance(self.namespace, dbt.context.manifest.TestMacroNamespace):
            context.update(self.namespace.local_namespace)
            context.update(self.namespace.project_namespace)
        else:
            for found in reversed(list(self.namespace._search_order())):  # the first that has a name counts
                context.update(found)
        return context  # type: ignore[no-any-return]

    dbt.context.macros.MacroNamespaceBuilder.build_namespace = build_namespace  # type: ignore[method-assign]
    dbt.context.manifest.ManifestContext.to_dict = to_dict


class _Exports(dict[str, Any]):
    """What a template may raise, wrapped with its node when it is asked for."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __missing__(self, name: str) -> Any:
        return dbt.context.exceptions_jinja.wrapper(self.model)(dbt.context.exceptions_jinja.CONTEXT_EXPORTS[name])


def quicken() -> None:
    """All of it."""
    dbt_common.tests.enable_test_caching()  # dbt's own: what it found in a macro's text
    remembered_templates()
    remembered_ctes()
    no_debug_messages()
    late_messages()
    plain_macros()
    dbt.context.providers.wrapped_exports = _Exports
    dbt.context.base.get_context_modules = cache(dbt.context.base.get_context_modules)


if not os.environ.get("PLAIN_DBT"):
    quicken()
