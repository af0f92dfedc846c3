"""Writes raw folders by hand, compactly: only what a test is about has to be named."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

COLUMNS = {
    "accounts": "account_id account_name parent_account_id segment region csm_email",
    "subscriptions": "subscription_id original_subscription_id account_id product_tier is_trial "
    "seats start_date end_date status arr",
    "licenses": "license_id license_md5 license_sha256 subscription_id seats starts_at expires_at",
    "instance_labels": "uuid hostname label labelled_by labelled_at",
    "objectives": "objective_id account_id objective_name metric_name target_value starts_on due_on",
    "excluded_pings": "ping_id reason",
}
OPTIONAL = {"objectives": ("baseline_value", "direction")}
"""Columns that a file has only when a row of it fills them."""

MONTHLY = "usage_activity_by_stage_monthly"
KEY_PATHS = {
    "instance_users": "active_user_count",
    "activated": "license_billable_users",
    "licensed": "license_user_count",
    "active": "redis_hll_counters.manage.unique_active_users_monthly",
    "events": f"{MONTHLY}.manage.events",
    "projects": "counts.projects",
    "git": f"{MONTHLY}.create.action_monthly_active_users_project_repo",
    "merge_requests": "counts.merge_requests",
    "builds": "counts.count_total_create_ci_build_monthly",
    "pipeline_users": f"{MONTHLY}.verify.ci_pipelines",
    "pipelines": "counts_monthly.ci_internal_pipelines",
    "pipelines_ever": "counts.ci_internal_pipelines",
    "runners": "counts.ci_runners",
    "scanner_users": f"{MONTHLY}.secure.user_unique_users_all_secure_scanners",
    "secret_detection": f"{MONTHLY}.secure.secret_detection_scans",
    "dependency": f"{MONTHLY}.secure.dependency_scanning_scans",
    "container": f"{MONTHLY}.secure.container_scanning_scans",
    "sast": f"{MONTHLY}.secure.sast_scans",
    "dast": f"{MONTHLY}.secure.dast_scans",
    "coverage_fuzzing": f"{MONTHLY}.secure.coverage_fuzzing_scans",
    "api_fuzzing": f"{MONTHLY}.secure.api_fuzzing_scans",
    "deployers": f"{MONTHLY}.release.deployments",
    "deployments": "counts_monthly.deployments",
    "succeeded": "counts_monthly.successful_deployments",
    "failed": "counts_monthly.failed_deployments",
}


def put(payload: dict[str, Any], path: str, value: Any) -> None:
    """Sets the value at a dotted key path."""
    *parents, leaf = path.split(".")
    for key in parents:
        payload = payload.setdefault(key, {})
    payload[leaf] = value


def instance_id(uuid: str, hostname: str) -> str:
    """The id of an installation, as its identity is defined: a hash of uuid and hostname."""
    return hashlib.md5(f"{uuid}|{hostname.strip().lower()}".encode()).hexdigest()  # noqa: S324


class RawFolder:
    """Tables and pings of the raw contract, kept in memory until `write`."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
        self.files: dict[str, list[str]] = {}
        self.ping_count = 0

    def add(self, table: str, **cells: Any) -> None:
        """One row of a CSV table; cells that are not named are empty."""
        unknown = set(cells) - set(COLUMNS[table].split()) - set(OPTIONAL.get(table, ()))
        assert not unknown, f"{table} has no column {unknown}"
        self.tables[table].append(cells)

    def account(self, account_id: str, csm_email: str = "csm@us.example", **cells: Any) -> None:
        """An account that somebody owns."""
        cells.setdefault("account_name", account_id)
        self.add("accounts", account_id=account_id, csm_email=csm_email, **cells)

    def subscription(self, subscription_id: str, account_id: str, start_date: str, **cells: Any) -> None:
        """A Premium subscription that runs until the end of 2027."""
        self.add(
            "subscriptions",
            **{
                "original_subscription_id": subscription_id,
                "product_tier": "Premium",
                "is_trial": "false",
                "end_date": "2027-12-31",
                "status": "Active",
                "arr": 1000,
                **cells,
            },
            subscription_id=subscription_id,
            account_id=account_id,
            start_date=start_date,
        )

    def label(self, uuid: str, hostname: str, label: str = "Production", at: str = "2020-01-01T00:00:00Z") -> None:
        """A label that a person gave."""
        by = {"labelled_by": "csm@us.example", "labelled_at": at}
        self.add("instance_labels", uuid=uuid, hostname=hostname, label=label, **by)

    def payload(
        self,
        uuid: str | None,
        hostname: str | None,
        recorded_at: str,
        fields: dict[str, Any] | None = None,
        **counts: Any,
    ) -> dict[str, Any]:
        """A payload of 16.9; `fields` by key path, `counts` by the short names of KEY_PATHS."""
        payload: dict[str, Any] = {
            "uuid": uuid,
            "hostname": hostname,
            "version": "16.9.0",
            "edition": "EEP",
            "installation_type": "omnibus-gitlab",
            "recorded_at": recorded_at,
        }
        for name, value in counts.items():
            put(payload, KEY_PATHS[name], value)
        for path, value in (fields or {}).items():
            put(payload, path, value)
        return payload

    def ping(
        self,
        uuid: str | None,
        hostname: str | None,
        received_at: str,
        fields: dict[str, Any] | None = None,
        *,
        ping_id: str | None = None,
        recorded_at: str | None = None,
        file: str | None = None,
        **counts: Any,
    ) -> str:
        """One ping; returns its id."""
        self.ping_count += 1
        ping_id = ping_id or f"ping-{self.ping_count:04}"
        payload = self.payload(uuid, hostname, recorded_at or received_at, fields, **counts)
        self.line({"ping_id": ping_id, "received_at": received_at, "payload": payload}, file)
        return ping_id

    def line(self, record: dict[str, Any] | str, file: str | None = None) -> None:
        """One line of a ping file, as it is."""
        month = record["received_at"][:7] if isinstance(record, dict) else ""
        name = file or f"received_month={month}/pings.jsonl"
        text = record if isinstance(record, str) else json.dumps(record)
        self.files.setdefault(name, []).append(text)

    def write(self, folder: Path) -> Path:
        """Writes everything under the folder, which may exist."""
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in self.tables.items():
            with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                filled = [name for name in OPTIONAL.get(table, ()) if any(name in row for row in rows)]
                writer = csv.DictWriter(file, [*COLUMNS[table].split(), *filled], lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        for name, lines in self.files.items():
            path = folder / "service_pings" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return folder
