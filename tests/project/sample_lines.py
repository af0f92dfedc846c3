"""The committed sample, line by line, and what makes a line dirty."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sample.model import Options

REPO = Path(__file__).parents[2]
SMALL = REPO / "sample" / "small"
AS_OF = date(2026, 6, 30)
GONE = object()


def small_options(out: Path, **changes: Any) -> Options:
    """The options of the committed set; the README names the command."""
    return replace(Options(out, AS_OF, accounts=32, months=6, gzip="all"), **changes)


@dataclass(frozen=True)
class Line:
    """One line of a ping file, parsed when it is JSON."""

    file: str
    text: str
    row: dict[str, Any] | None

    @property
    def payload(self) -> dict[str, Any]:
        return self.row["payload"] if self.row else {}

    def get(self, path: str) -> Any:
        """The value at a key path, or GONE."""
        node: Any = self.payload
        for name in path.split("."):
            if not isinstance(node, dict) or name not in node:
                return GONE
            node = node[name]
        return node


def read_text(path: Path) -> str:
    """A file's text, unpacked when it is compressed."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def read_lines(folder: Path) -> Iterator[Line]:
    for path in sorted(folder.glob("service_pings/received_month=*/*.jsonl*")):
        for text in read_text(path).splitlines():
            try:
                row = json.loads(text)
            except ValueError:
                row = None
            yield Line(str(path.relative_to(folder)), text, row)


@cache
def committed_lines() -> list[Line]:
    """The lines of sample/small, which is what the generator writes (test_sample_generator.py)."""
    return list(read_lines(SMALL))


def read_csv(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def leaves(node: Any) -> int:
    """How many values a payload holds."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return sum(map(leaves, children)) or 1


def version_of(line: Line) -> tuple[int, int]:
    major, minor = line.payload["version"].split(".")[:2]
    return int(major), int(minor)


def account(truth: dict[str, Any], name: str) -> dict[str, Any]:
    return next(a for a in truth["accounts"] if a["account_name"].split()[0].strip(",") == name)


# --- what occurs


def fields_of(path: str, wanted: Callable[[Any], bool]) -> Callable[[Line], bool]:
    return lambda line: wanted(line.get(path))


MONTHLY = "usage_activity_by_stage_monthly"
HLL = "redis_hll_counters"
ACTIVE = f"{HLL}.manage.unique_active_users_monthly"
REPO_USERS = f"{MONTHLY}.create.action_monthly_active_users_project_repo"


DIRTY: dict[str, Callable[[Line], bool]] = {
    "sentinel -1": fields_of(ACTIVE, lambda v: v == -1),
    "sentinel -2": fields_of(REPO_USERS, lambda v: v == -2),
    "sentinel -3": fields_of("active_user_count", lambda v: v == -3),
    "sentinel -1000": fields_of("counts.ci_external_pipelines", lambda v: v == -1000),
    "deprecated key -1000": fields_of(
        "usage_activity_by_stage.manage.projects_imported.total", lambda v: v == -1000
    ),
    "another negative": fields_of("counts_monthly.deployments", lambda v: v == -7),
    "null": fields_of("counts.ci_runners", lambda v: v is None),
    "absent key": fields_of(f"{MONTHLY}.release.deployments", lambda v: v is GONE),
    "number as text": fields_of("license_billable_users", lambda v: isinstance(v, str)),
    "decimal": fields_of("counts_monthly.packages", lambda v: v == 12.5),
    "text in a number": fields_of(f"{MONTHLY}.manage.events", lambda v: v == "abc"),
    "SQL in a number": fields_of("counts.projects", lambda v: str(v).startswith("SELECT")),
    "boolean in a number": fields_of(f"{MONTHLY}.release.releases", lambda v: v is True),
    "NaN in a number": fields_of(f"{MONTHLY}.plan.epics", lambda v: v == "NaN"),
    "failed histogram": fields_of(f"{MONTHLY}.plan.issues", lambda v: v == {"-1": -1}),
    "list for an object": fields_of(f"{MONTHLY}.plan", lambda v: v == []),
    "-1 in a boolean": fields_of("container_registry_enabled", lambda v: v == -1),
    "unknown key": fields_of("brand_new", lambda v: v is not GONE),
    "clock ahead": lambda x: year(x.get("recorded_at")) > year(x.row["received_at"]) + 2,
    "clock behind": lambda x: 0 < year(x.get("recorded_at")) < year(x.row["received_at"]) - 1,
    "clock unreadable": fields_of("recorded_at", lambda v: v == "yesterday evening"),
    "hostname in capitals": fields_of("hostname", lambda v: str(v).endswith("EXAMPLE ")),
    "no hostname": fields_of("hostname", lambda v: v is None),
    "padded subscription id": fields_of(
        "license_subscription_id", lambda v: str(v).endswith("  ")
    ),
    "subscription id 0000": fields_of("license_subscription_id", lambda v: v == "0000"),
    "empty subscription id": fields_of("license_subscription_id", lambda v: v == ""),
    "md5 with dashes": fields_of("license_md5", lambda v: "-" in str(v)),
    "licence from 1970": fields_of("license_starts_at", lambda v: v == "1970-01-01"),
    "licence beyond 9999": fields_of("license_expires_at", lambda v: str(v)[:5] == "19999"),
    "trial as text": fields_of("license_trial", lambda v: v == "false"),
    "Ultimate trial": fields_of("license_trial", lambda v: v is True),
    "licensee in lower case": fields_of("licensee.email", lambda v: v is not GONE),
    "personal data": fields_of("licensee.Name", lambda v: "PII-CANARY" in str(v)),
    "licence id as text": fields_of("license_id", lambda v: isinstance(v, str)),
    "bigint over 2^53": fields_of("database.pg_system_id", lambda v: v > 2**53),
    "git version as object": fields_of("git.version", lambda v: isinstance(v, dict)),
    "git version as text": fields_of("git.version", lambda v: isinstance(v, str)),
    "text in a setting": fields_of("reply_by_email_enabled", lambda v: isinstance(v, str)),
    "topology arrays": fields_of("topology.nodes", lambda v: isinstance(v, list)),
    "no uuid": fields_of("uuid", lambda v: v is None),
    "empty uuid": fields_of("uuid", lambda v: v == ""),
    "version VERSION": fields_of("version", lambda v: "VERSION" in v),
    "community edition": lambda x: x.get("edition") == "CE" and x.get("license_id") is GONE,
    "gitlab.com": fields_of("hostname", lambda v: v == "gitlab.com"),
    "*.gitlab.com": fields_of("hostname", lambda v: str(v).lower().endswith(".gitlab.com")),
    "development kit": fields_of(
        "installation_type", lambda v: v == "gitlab-development-kit"
    ),
    "SaaS uuid": fields_of("uuid", lambda v: str(v).startswith("ea8bf810-1d6f")),
    "staging host": fields_of("hostname", lambda v: str(v).startswith("staging.")),
    "starter": fields_of("license_plan", lambda v: v == "starter"),
    "received after as_of": lambda x: x.row["received_at"][:10] > AS_OF.isoformat(),
    "late file": lambda x: "/late_" in x.file
    and x.row["received_at"][:10] < re.search(r"late_([\d-]+)", x.file)[1],
}  # fmt: skip


def year(text: Any) -> int:
    found = re.match(r"\d{4}", str(text))
    return int(found[0]) if found else 0


def is_internal(line: Line) -> bool:
    host = str(line.get("hostname")).lower()
    return any(DIRTY[case](line) for case in ("development kit", "SaaS uuid")) or (
        host == "gitlab.com" or host.endswith(".gitlab.com")
    )
