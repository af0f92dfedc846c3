"""Settings: the environment, and dbt's own profile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import yaml

from loader.errors import MisuseError

_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PROFILE_SCHEMA_SUFFIX = "_publish"


_SECRET_OPTIONS = ("password", "private_key", "private_key_passphrase", "token")
KNOWN_SECRETS: set[str] = set()
"""Every credential that was read, to keep it out of what is written."""


class Secret(str):
    """Text that shows itself only when used as a string on purpose."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True)
class Target:
    """One output of the dbt profile.

    Attributes:
        kind: `duckdb` or `snowflake`.
        schema: dbt's target schema; the state lives in `<schema>_publish`.
        options: the output as rendered, credentials included.
    """

    kind: str
    schema: str
    options: dict[str, Any]

    @property
    def state_schema(self) -> str:
        """Schema of the loader's own tables."""
        return self.schema + PROFILE_SCHEMA_SUFFIX


@dataclass(frozen=True)
class ApiSettings:
    """What the environment says about one destination's API.

    Attributes:
        calls_per_window: calls allowed in `window_seconds`.
        timeout_seconds: longest wait for one reply.
        give_up_seconds: longest time without an accepted call.
    """

    prefix: str
    base_url: str
    calls_per_window: int
    calls_per_day: int
    window_seconds: float
    timeout_seconds: float
    give_up_seconds: float

    def required(self) -> ApiSettings:
        """The same, once it is known that there is an address.

        Raises:
            MisuseError: there is none.
        """
        if not self.base_url:
            raise MisuseError(f"{self.prefix}_BASE_URL is not set, such as https://you.gainsightcloud.com.")
        return self


def secret(name: str) -> Secret | None:
    """A credential from `name`, or from the file that `name`_FILE names; None when neither is set.

    Raises:
        MisuseError: the file cannot be read, or holds characters that no credential has.
    """
    value, path = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
    if not value and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MisuseError(f"{name}_FILE: cannot read {path} ({type(error).__name__}).") from None
    if not value:
        return None
    if not (value.isascii() and value.isprintable()):
        raise MisuseError(f"{name} holds line breaks or characters that no credential has.")
    if len(value) > 5:
        KNOWN_SECRETS.add(value)
    return Secret(value)


def api_settings(prefix: str, calls_per_minute: int, calls_per_day: int) -> ApiSettings:
    """Read `<prefix>_BASE_URL` and the limits; the arguments are the defaults.

    Raises:
        MisuseError: the address is unsafe, or a number is not one.
    """
    give_up = number(f"{prefix}_GIVE_UP_SECONDS", 120)
    return ApiSettings(
        prefix,
        _base_url(f"{prefix}_BASE_URL"),
        int(number(f"{prefix}_CALLS_PER_MINUTE", calls_per_minute)),
        int(number(f"{prefix}_CALLS_PER_DAY", calls_per_day)),
        number(f"{prefix}_WINDOW_SECONDS", 60),
        number(f"{prefix}_TIMEOUT_SECONDS", 60),
        min(give_up, 120.0),
    )


def _base_url(name: str) -> str:
    url = os.environ.get(name, "").strip().rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise MisuseError(f"{name} is not a web address.") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise MisuseError(f"{name} is not a web address such as https://you.gainsightcloud.com.")
    if parts.username or parts.password:
        raise MisuseError(f"{name} holds a user name or password; credentials have their own settings.")
    if parts.scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        raise MisuseError(f"{name} must start with https://: credentials would travel in clear.")
    return url


def number(name: str, default: float) -> float:
    """A setting that is a number above 0.

    Raises:
        MisuseError: it is not.
    """
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else float(default)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise MisuseError(f"{name} must be a number above 0, not {text!r}.")
    return value


def read_yaml(path: Path, what: str) -> dict[str, Any]:
    """A YAML file whose top is a mapping.

    Raises:
        MisuseError: it is missing or no such YAML.
    """
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), _YamlLoader)  # noqa: S506 - a safe one
    except FileNotFoundError:
        raise MisuseError(f"{what} {path} does not exist.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = f" at line {line + 1}" if line is not None else ""
        raise MisuseError(f"{what} {path} cannot be read{at} ({type(error).__name__}).") from None
    if not isinstance(loaded, dict):
        raise MisuseError(f"{what} {path} is not a YAML mapping.")
    return loaded


def read_target(project_dir: Path, profiles_dir: Path | None, name: str | None) -> Target:
    """The warehouse that dbt would use: its profile, its target.

    Raises:
        MisuseError: the project, profile, target or an environment variable is missing.
    """
    project = read_yaml(project_dir / "dbt_project.yml", "The dbt project file")
    profile_name = str(project.get("profile", ""))
    path = _profiles_file(project_dir, profiles_dir)
    profile = read_yaml(path, "The dbt profile").get(profile_name)
    if not isinstance(profile, dict) or not isinstance(profile.get("outputs"), dict):
        raise MisuseError(f"{path} has no profile {profile_name!r}; profiles.example.yml shows one.")
    wanted = name or rendered(profile.get("target", "default"), path)
    output = profile["outputs"].get(wanted)
    if not isinstance(output, dict):
        known = ", ".join(map(str, profile["outputs"]))
        raise MisuseError(f"{path}: profile {profile_name!r} has no target {wanted!r} ({known}).")
    options = rendered(output, path)
    KNOWN_SECRETS.update(str(v) for k, v in options.items() if k in _SECRET_OPTIONS and len(str(v)) > 5)
    kind = str(options.get("type", ""))
    if kind not in ("duckdb", "snowflake"):
        raise MisuseError(f"{path}: target {wanted!r} is of type {kind!r}; duckdb and snowflake work.")
    if kind == "duckdb":
        options["path"] = _database_path(str(options.get("path", "")), project_dir)
    return Target(kind, str(options.get("schema") or "main"), options)


def _profiles_file(project_dir: Path, given: Path | None) -> Path:
    named = given or (Path(p) if (p := os.environ.get("DBT_PROFILES_DIR")) else None)
    places = [named] if named else [project_dir, Path.home() / ".dbt"]
    for place in places:
        if (place / "profiles.yml").is_file():
            return place / "profiles.yml"
    looked = " nor in ".join(str(place) for place in places)
    raise MisuseError(
        f"There is no profiles.yml in {looked}. Copy profiles.example.yml to profiles.yml"
        " (`make setup` does), or name its folder with --profiles-dir or DBT_PROFILES_DIR."
    )


def rendered(value: Any, path: Path) -> Any:
    """A value of a dbt file with its `env_var` calls rendered.

    Raises:
        MisuseError: a variable is not set, or it is no template.
    """
    if isinstance(value, dict):
        return {key: rendered(each, path) for key, each in value.items()}
    if isinstance(value, list):
        return [rendered(each, path) for each in value]
    if not isinstance(value, str):
        return value

    def env_var(name: str, default: str | None = None) -> str:
        found = os.environ.get(name, default)
        if found is None:
            raise MisuseError(f"{path} reads the environment variable {name}, which is not set.")
        return found

    try:
        return jinja2.Environment(autoescape=False).from_string(value).render(env_var=env_var)  # noqa: S701
    except jinja2.TemplateError as error:
        raise MisuseError(f"{path}: {value!r} cannot be rendered ({error}).") from None


def _database_path(path: str, project_dir: Path) -> str:
    """DuckDB's file: relative to where we are, as dbt has it, else to the project."""
    if path.startswith((":", "md:", "motherduck:")) or not path:
        raise MisuseError(f"The profile's path {path!r} is no DuckDB file, which the loader needs.")
    here = Path(path)
    return str(here if here.is_absolute() or here.exists() else project_dir / here)
