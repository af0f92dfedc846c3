"""dbt's own profile: which warehouse it writes to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from loader.config import KNOWN_SECRETS
from loader.errors import MisuseError

_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SECRET_OPTIONS = ("password", "private_key", "private_key_passphrase", "token")
PROFILE_SCHEMA_SUFFIX = "_publish"


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
    if not isinstance(value, str) or "{" not in value:
        return value
    import jinja2  # takes longer to import than the rest of this package

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
