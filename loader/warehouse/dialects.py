"""The two warehouses: how to connect to Snowflake, and a few pieces of its SQL; DuckDB has a module of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from loader.dbt.artifacts import Relation
from loader.dbt.profile import Target
from loader.engine.values import as_json
from loader.errors import MisuseError, StoppedError
from loader.warehouse.duck import DuckDb
from loader.warehouse.sql import Dialect, Rows, by_ranges, double_text, first_line, quoted, silence_seconds

WINDOWS_LAID_ASIDE = 40

_SAME = (
    "account",
    "user",
    "password",
    "role",
    "warehouse",
    "database",
    "authenticator",
    "token",
    "host",
    "port",
    "protocol",
)
_CONNECTION = {
    **{name: name for name in _SAME},
    "private_key": "private_key",
    "private_key_path": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
}
"""The connector's names for what dbt's profile says."""


class Snowflake:
    """A Snowflake session of the dbt profile's user."""

    exclusive, now = False, "sysdate()"
    rows_a_statement = 2000

    def __init__(self, target: Target) -> None:
        import snowflake.connector

        self._errors, self._silences = (
            snowflake.connector.errors.Error,
            (
                snowflake.connector.errors.OperationalError,
                snowflake.connector.errors.InterfaceError,
            ),
        )
        options = dict(target.options)
        arguments = {_CONNECTION[k]: v for k, v in options.items() if k in _CONNECTION and v not in ("", None)}
        if "private_key" in arguments:
            arguments["private_key"] = _private_key(
                arguments["private_key"], arguments.pop("private_key_file_pwd", None)
            )
        arguments["account"] = str(arguments.get("account", "")).replace("_", "-")  # as dbt has it
        arguments["schema"] = target.state_schema  # where this role may make temporary tables
        self._database = str(options.get("database", ""))
        self._laid, self._dead = 0, ""
        silence = int(silence_seconds())
        self.identity = f"snowflake {arguments['account']}/{self._database}".upper()
        try:
            self._connection = snowflake.connector.connect(
                **arguments,
                paramstyle="qmark",
                login_timeout=silence,
                network_timeout=silence,
                socket_timeout=silence,
                session_parameters={
                    "QUERY_TAG": "customer-health loader",
                    "TIMEZONE": "UTC",
                    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
                    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
                },
            )
        except self._errors as error:
            raise MisuseError(f"Snowflake refused the profile's connection ({first_line(error)}).") from None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        """See `Dialect`. Once it did not answer, it is not asked again: each time would take as long."""
        if self._dead:
            raise StoppedError(self._dead)
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, list(parameters))
                return [tuple(row) for row in cursor.fetchall()]
        except self._silences as error:
            self._dead = f"Snowflake does not answer ({first_line(error)})."
            raise StoppedError(self._dead) from error
        except self._errors as error:
            raise StoppedError(f"Snowflake said: {first_line(error)}.") from error

    def expect(self, rows: int) -> None:
        """See `Dialect`. The warehouse sees to its memory itself."""

    def windows(self, staged: str, valued: Callable[[str], str], size: int) -> Iterator[Rows]:
        """See `Dialect`."""
        self._laid += 1
        return by_ranges(self, f"laid_{self._laid}", staged, valued, size, WINDOWS_LAID_ASIDE)

    def let_go(self) -> None:
        """See `Dialect`. A session keeps nobody out."""

    def take_again(self, pause: Callable[[float], None]) -> None:
        """See `Dialect`."""

    def close(self) -> None:
        """See `Dialect`."""
        self._connection.close()

    def relation(self, given: Relation) -> str:
        """See `Dialect`. dbt leaves names unquoted there, so they are upper case."""
        database = given.database or self._database
        return ".".join(quoted(part.upper()) for part in (database, given.schema, given.name))

    def column(self, name: str) -> str:
        """See `Dialect`."""
        return quoted(name.upper())

    def literal(self, text: str) -> str:
        """See `Dialect`. A backslash means something there, too; the connector knows what."""
        from snowflake.connector.converter import SnowflakeConverter

        return str(SnowflakeConverter.quote(SnowflakeConverter.escape(text)))

    def table_of(self, rows: Sequence[Sequence[Any]], types: Sequence[str]) -> tuple[str, list[Any]]:
        """See `Dialect`."""
        marks = f"({', '.join('?' * len(types))})"
        columns = [f"cast(column{n + 1} as {kind}) as c{n}" for n, kind in enumerate(types)]
        values = ", ".join([marks] * len(rows))
        return f"select {', '.join(columns)} from values {values}", [each for row in rows for each in row]

    def json_text(self, column: str) -> str:
        """See `Dialect`."""
        return f"to_json(to_variant({column}))"

    def timestamp_text(self, column: str) -> str:
        """See `Dialect`."""
        return f"cast(date_part(epoch_microsecond, {column}) as varchar)"

    def record(self, fields: Sequence[tuple[str, str, str]]) -> str:
        """See `Dialect`. Its own JSON would round doubles, so the values come as they are."""
        return ", ".join(column for _, column, _ in fields)

    def record_text(self, names: Sequence[str], selected: Sequence[Any]) -> str:
        """See `Dialect`."""
        return json.dumps(dict(zip(names, map(as_json, selected), strict=True)))

    def not_finite(self, column: str) -> str:
        """See `Dialect`."""
        return f"lower(cast({column} as varchar)) in ('nan', 'inf', '-inf')"

    def doubles_text(self, columns: Sequence[str]) -> str:
        """See `Dialect`."""
        return " || ".join(f"coalesce({double_text(column)}, '~') || ';'" for column in columns)


def connect(target: Target, *, read_only: bool) -> Dialect:
    """Open the profile's warehouse.

    Raises:
        MisuseError: it is not there, or refuses the credentials.
        RefusedError: another process holds it.
    """
    return DuckDb(target, read_only=read_only) if target.kind == "duckdb" else Snowflake(target)


def _private_key(text: str, passphrase: str | None) -> bytes:
    """A key that stands in the profile itself (PEM, or DER in base64), as the connector takes it."""
    from cryptography.hazmat.primitives import serialization as form

    given = passphrase.encode() if passphrase else None
    try:
        if text.startswith("-"):
            key = form.load_pem_private_key(text.encode(), given)
        else:
            key = form.load_der_private_key(base64.b64decode(text), given)
    except (ValueError, TypeError):
        raise MisuseError("The profile's private_key cannot be read; see also private_key_passphrase.") from None
    return key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
