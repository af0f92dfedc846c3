"""A local server that speaks Snowflake's protocol (fakesnow), with its gaps worked round.

Run as `python local_snowflake.py PORT`. Two routes are ours: POST /duckdb runs SQL on the DuckDB behind it, to land raw
tables without ten thousand inserts, and POST /said lists the statements that clients sent. What is rewritten here is
listed in docs/snowflake.md under "not proven here".
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from string import Template
from threading import Lock, local
from typing import Any

import asgi_stand_in
import duckdb
import pyarrow
import pyarrow.compute
from asgi_stand_in import JSONResponse, Request, Route
from sqlglot import exp

asgi_stand_in.install()

import fakesnow.arrow  # noqa: E402
import fakesnow.cursor  # noqa: E402
import fakesnow.info_schema  # noqa: E402
import fakesnow.macros  # noqa: E402
import fakesnow.server  # noqa: E402

_TEMPORARY = re.compile(r"\b(create\s+(?:or\s+replace\s+)?)temporary\s+(?=(?:table|view)\b)", re.IGNORECASE)
_SESSION = re.compile(r"\s*alter\s+session\s+set\b.*", re.IGNORECASE | re.DOTALL)
_COMMENTS = re.compile(
    r"\s*(?:comment\s+on\b|alter\s+(?:table|view)\s+\S+\s+alter\b).*\$\$.*", re.IGNORECASE | re.DOTALL
)
# The same results as fakesnow's own, which take minutes for a thousand pings (a subquery a row; a hash of
# each object).
_OBJECT_CONSTRUCT = """
create or replace macro ${catalog}._fs_object_construct(keys, vals, keep_nulls) as (
    to_json(map_from_entries(list_filter(list_zip(keys, vals), lambda pair: keep_nulls or pair[2] is not null)))
)"""
_FLATTEN = """
create or replace macro ${catalog}._fs_flatten(input) as table
    select 0 as SEQ, entry.key as KEY, entry.key as PATH, entry.id as INDEX, entry.value as VALUE, null as THIS
    from json_each(input) as entry"""
_PARSING = Lock()
"""sqlglot sets itself up at its first use, and threads that come meanwhile get half of it."""
_OF_THIS_REQUEST = local()
"""Each request has a thread."""
_DESCRIBED_ANEW = fakesnow.cursor.FakeSnowflakeCursor._describe_last_sql
_SAID: list[str] = []
"""Every statement as the client sent it."""
_FORMATS = {
    'YYYY-MM-DD"T"HH24:MI:SS.FF6': "%Y-%m-%dT%H:%M:%S.%f",
    'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"': "%Y-%m-%dT%H:%M:%S.%fZ",
    "YYYY-MM-DD": "%Y-%m-%d",
}


def _replaced(node: exp.Expression) -> exp.Expression:
    """What fakesnow hands to DuckDB unchanged, or drops, as DuckDB has it."""
    if isinstance(node, exp.ToChar) and node.args.get("format"):
        return exp.Anonymous(
            this="strftime", expressions=[node.this, exp.Literal.string(_FORMATS[node.args["format"].name])]
        )
    if isinstance(node, exp.Anonymous) and node.name.lower() == "try_to_timestamp_tz":
        return exp.TryCast(this=node.expressions[0], to=exp.DataType.build("timestamptz"))
    if isinstance(node, exp.StrToTime) and node.args.get("safe"):  # the same, with the format written out
        return exp.TryCast(this=node.this, to=exp.DataType.build("timestamptz"))
    if isinstance(node, exp.Typeof):
        return exp.Anonymous(this="json_type", expressions=[node.this])
    if isinstance(node, exp.Merge):
        return _source_named(node)
    if isinstance(node, exp.Grant):
        return exp.select(exp.Literal.string("Statement executed successfully.").as_("status"))
    return node


def _source_named(merge: exp.Merge) -> exp.Merge:
    """What a merge inserts is of its source; fakesnow looks for it in the target, too."""
    source = merge.args["using"].alias_or_name
    for when in merge.find_all(exp.When):
        then = when.args["then"]
        for column in then.expression.find_all(exp.Column) if isinstance(then, exp.Insert) else ():
            if not column.table:
                column.set("table", exp.to_identifier(source))
    return merge


def _patched(parse: Callable[[str], exp.Expression]) -> Callable[[str], exp.Expression]:
    def parse_one(command: str) -> exp.Expression:
        with _PARSING:
            for unknown in (_SESSION, _COMMENTS):
                command = unknown.sub("select 'Statement executed successfully.' as status", command)
            return parse(_TEMPORARY.sub(r"\1", command, count=1)).transform(_replaced, copy=False)

    return parse_one


def _kept(parse: Callable[[str], exp.Expression]) -> Callable[[str], exp.Expression]:
    """The server parses each statement to see of what type it is, and its cursor once more to run it."""

    def parse_one(command: str) -> exp.Expression:
        _OF_THIS_REQUEST.parsed = (command, parse(command))
        return _OF_THIS_REQUEST.parsed[1]

    return parse_one


def _taken(parse: Callable[[str], exp.Expression]) -> Callable[[str], exp.Expression]:
    """For the cursor: what the server has just parsed, once."""

    def parse_one(command: str) -> exp.Expression:
        known, parsed = getattr(_OF_THIS_REQUEST, "parsed", (None, None))
        _OF_THIS_REQUEST.parsed = (None, None)
        return parsed if known == command else parse(command)

    return parse_one


def _described(cursor: Any) -> list[tuple[Any, ...]]:
    """What DuckDB says of the statement as it ran; fakesnow parses and writes it anew for that."""
    try:
        return cursor._duck_conn.execute(f"describe {cursor._last_sql}", cursor._last_params).fetchall()
    except duckdb.Error:
        return _DESCRIBED_ANEW(cursor)


def _nulls_kept(to_struct: Callable[[Any], pyarrow.StructArray]) -> Callable[[Any], pyarrow.StructArray]:
    """Timestamps as the connector wants them; fakesnow turns a null into 1970."""

    def convert(times: Any) -> pyarrow.StructArray:
        array = times.combine_chunks() if isinstance(times, pyarrow.ChunkedArray) else times
        made = to_struct(array)
        return pyarrow.StructArray.from_arrays(
            made.flatten(), fields=list(made.type), mask=pyarrow.compute.is_null(array)
        )

    return convert


def _noted(parse: Callable[[str], exp.Expression]) -> Callable[[str], exp.Expression]:
    def parse_one(command: str) -> exp.Expression:
        _SAID.append(command)
        return parse(command)

    return parse_one


async def said_route(_: Request) -> JSONResponse:
    """What clients sent so far."""
    return JSONResponse({"rows": [[each] for each in _SAID]})


async def duckdb_route(request: Request) -> JSONResponse:
    """Run SQL on the DuckDB behind the server."""
    sql = (await request.body()).decode()
    try:
        with fakesnow.server.shared_fs.duck_conn.cursor() as connection:
            rows = connection.execute(sql).fetchall()
    except Exception as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    return JSONResponse({"rows": json.loads(json.dumps(rows, default=str))})


def serve(port: int) -> None:
    """Serve on loopback until ended; the port in use is the first line printed."""
    server: Any = fakesnow.server
    fakesnow.macros.FS_OBJECT_CONSTRUCT = Template(_OBJECT_CONSTRUCT)
    fakesnow.macros.FS_FLATTEN = Template(_FLATTEN)
    server.parse_one = _noted(_kept(_patched(server.parse_one)))
    fakesnow.cursor.parse_one = _taken(_patched(fakesnow.cursor.parse_one))
    fakesnow.cursor.FakeSnowflakeCursor._describe_last_sql = _described
    # A merge is several statements there, and a note in another database between them ends the transaction.
    fakesnow.info_schema.insert_table_comment_sql = lambda *_: "select 1"
    fakesnow.arrow.timestamp_to_sf_struct = _nulls_kept(fakesnow.arrow.timestamp_to_sf_struct)
    logging.getLogger("fakesnow.server").setLevel(logging.ERROR)
    ours = [Route("/duckdb", duckdb_route, methods=["POST"]), Route("/said", said_route, methods=["POST"])]
    routes = [*server.routes, *ours]
    http = asgi_stand_in.make_server(routes, port)
    print(http.server_port, flush=True)
    http.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
