"""The read-only page: objects, rows and the call log. Plain HTML, no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from sandbox.settings import Call
from sandbox.tables import Row, Tables

ROWS_SHOWN = 100
CALLS_SHOWN = 100
_OBJECT_PATH = re.compile(r"/objects/([A-Za-z0-9_]+)\Z")
_HIDDEN = ("CreatedBy", "ModifiedBy", "CreatedById", "LastModifiedById")
_NUMBERS = ("NUMBER", "CURRENCY", "double", "int", "currency", "percent", "integer", "float", "score")

_STYLE = """
:root { --ink: #1d2733; --soft: #66727f; --line: #e3e7eb; --paper: #fff; --back: #f6f7f9;
  --accent: #2456a6; --bad: #a8321c; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #dfe5eb; --soft: #94a0ac; --line: #303942;
  --paper: #1b2128; --back: #14191e; --accent: #86b0ee; --bad: #f0907c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 22px; margin: 0 0 4px; }
h2 { font-size: 16px; margin: 32px 0 8px; }
p { color: var(--soft); margin: 0 0 12px; }
a { color: var(--accent); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { padding: 7px 12px; text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--line); max-width: 320px; overflow: hidden;
  text-overflow: ellipsis; }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.null { color: var(--soft); }
td.bad { color: var(--bad); font-weight: 600; }
"""


def render(
    path: str,
    store: Tables[Any],
    calls: Sequence[Call],
    usage: Iterable[tuple[str, int, int | None]],
    system: str = "Gainsight",
) -> str | None:
    """The page at this path, or None when there is none."""
    if path == "/":
        return _document(system, "Sandbox", _overview(system, store, calls, usage))
    found = _OBJECT_PATH.match(path)
    obj = store.get(found[1]) if found else None
    return None if obj is None else _document(system, obj.name, _object_page(store, obj))


def _document(system: str, title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {system} sandbox</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )


def _overview(
    system: str, store: Tables[Any], calls: Sequence[Call], usage: Iterable[tuple[str, int, int | None]]
) -> str:
    objects = [
        [_link(obj), obj.kind.lower(), _number(len(obj.fields)), _number(store.count(obj))]
        for obj in sorted(store.objects(), key=lambda obj: obj.kind == "SYSTEM")
    ]
    used = [
        [_cell(name), _number(count), _number(cap) if cap is not None else _cell("no limit")]
        for name, count, cap in usage
    ]
    shown = list(reversed(calls[-CALLS_SHOWN:]))
    return "".join(
        (
            f"<h1>{system} sandbox</h1>",
            "<p>A local stand-in for the tests and the demo. It holds what was published here,"
            " and nothing leaves this machine.</p>",
            "<h2>Objects</h2>",
            _table(["Object", "Kind", "#Fields", "#Rows"], objects),
            "<h2>Limits</h2>",
            _table(["Window", "#Calls counted", "#Allowed"], used),
            f"<h2>Calls</h2><p>{_calls_line(len(shown), len(calls))}</p>",
            _calls_table(shown) if shown else "",
        )
    )


def _calls_line(shown: int, total: int) -> str:
    if not total:
        return "No call yet."
    return f"The latest {shown} of {total:,}, newest first."


def _calls_table(calls: Sequence[Call]) -> str:
    heads = ["Time (UTC)", "Operation", "Object", "#Records", "#Status", "Code", "Wrote", "Fault"]
    return _table([*heads, "#ms"], [_call_row(call) for call in calls])


def _call_row(call: Call) -> list[str]:
    at = datetime.fromtimestamp(call.started_at, UTC).strftime("%H:%M:%S.%f")[:-3]
    good = 200 <= call.status < 300 and call.code is None
    status = str(call.status) if call.status else "no reply"
    return [
        _cell(at),
        _cell(call.operation),
        _cell(call.object or ""),
        _number(call.records) if call.records else _cell(""),
        _td("n" if good else "n bad", status),
        _cell(call.code or ""),
        _cell("yes" if call.committed else ""),
        _cell(call.fault or ""),
        _td("n", f"{call.seconds * 1000:.1f}"),
    ]


def _object_page(store: Tables[Any], obj: Any) -> str:
    rows, total = store.rows(obj, ROWS_SHOWN), store.count(obj)
    names = [name for name in obj.fields if name not in _HIDDEN]
    _name_lookups(store, obj, rows)
    numeric = {name for name in names if obj.fields[name].type in _NUMBERS}
    heads = [f"#{name}" if name in numeric else name for name in names]
    cells = [[_value(row[name], name in numeric) for name in names] for row in rows]
    shown = f"The first {len(rows)} of {total:,} rows." if rows else "No row yet."
    return (
        f'<p><a href="/">All objects</a></p><h1>{escape(obj.name)}</h1><p>{shown}</p>'
        f"{_table(heads, cells) if rows else ''}"
    )


def _name_lookups(store: Tables[Any], obj: Any, rows: Sequence[Row]) -> None:
    """Show the name of a row looked up instead of its Gsid."""
    for each in obj.lookups.values():
        target = store.get(each.lookup or "")
        if target is None or "Name" not in target.fields or each.name in _HIDDEN:
            continue
        for row in rows:
            gsid = row[each.name]
            row[each.name] = store.name_of(target, gsid) or gsid if gsid else gsid


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a head that starts with # is a number's."""
    head = "".join(
        f'<th scope="col" class="n">{escape(each[1:])}</th>'
        if each.startswith("#")
        else f'<th scope="col">{escape(each)}</th>'
        for each in heads
    )
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _link(obj: Any) -> str:
    return f'<td><a href="/objects/{escape(obj.name)}">{escape(obj.name)}</a></td>'


def _number(value: int | None) -> str:
    return _td("n", f"{value:,}")


def _value(value: Any, numeric: bool) -> str:
    if value is None:
        return _td("n null" if numeric else "null", "–")
    return _td("n" if numeric else "", f"{value:,}" if numeric else str(value))


def _cell(text: str) -> str:
    return _td("", text)


def _td(kind: str, text: str) -> str:
    clean = escape(text)
    return f'<td class="{kind}" title="{clean}">{clean}</td>'
