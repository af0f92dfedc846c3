"""Publish after a dbt Cloud job: receives its webhook, fetches the run's artifacts, starts the loader.

dbt Cloud: a deploy job of one step, with "generate docs" off (the artifacts are those of the last step):
    dbt build --exclude-resource-type unit_test --vars '{as_of: yesterday, loader_role: CUSTOMER_HEALTH_LOADER}'
weekly (cron `0 5 * * 1`) or monthly (`0 5 1 * *`); for two-weekly, the weekly job and EVERY_WEEKS=2 here. And a webhook
for "run completed" to this address.
Environment: DBT_CLOUD_WEBHOOK_SECRET (shown once when the webhook is made), DBT_CLOUD_TOKEN, DBT_CLOUD_HOST (such as
cloud.getdbt.com), DBT_CLOUD_JOB_ID, and those of the loader. Serve it behind TLS; it listens on loopback.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROJECT = Path(os.environ.get("CUSTOMER_HEALTH_PROJECT", "."))
ARTIFACTS = ("manifest.json", "run_results.json")
LONGEST = 1_000_000
TRIES, WAIT_SECONDS = 3, 900
_ONE_AT_A_TIME = threading.Lock()


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether dbt Cloud sent this: the header is the HMAC-SHA256 of the body."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), signature.encode())


def run_to_publish(event: dict[str, Any], job_id: str) -> tuple[str, str] | None:
    """(account id, run id) of a successful run of our job, else None."""
    data = event.get("data", {})
    good = data.get("runStatusCode") == 10 and str(data.get("jobId")) == job_id
    return (str(event["accountId"]), str(data["runId"])) if good else None


def is_due(day: date, every_weeks: int) -> bool:
    """Whether to publish on this day: weeks are counted from Monday 2020-01-06, as the grain `two_weeks` is."""
    return (day - date(2020, 1, 6)).days // 7 % every_weeks == 0


def publish_and_tell(account: str, run: str) -> int:
    """Publish; again when it stopped part-way, and a line in the log for whatever a person has to see."""
    code = 4
    for attempt in range(TRIES):
        if attempt:
            time.sleep(WAIT_SECONDS)
        code = publish(account, run)
        if code != 4:
            break
    if code:
        logging.error("publish after dbt Cloud run %s ended with %s: see examples/scheduling/README.md", run, code)
    return code


def publish(account: str, run: str) -> int:
    """Fetch the artifacts of that run and publish; the loader's gate checks that they belong to the marts."""
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory() as target:
        for name in ARTIFACTS:
            url = f"https://{os.environ['DBT_CLOUD_HOST']}/api/v2/accounts/{account}/runs/{run}/artifacts/{name}"
            request = urllib.request.Request(url, headers={"Authorization": f"Token {os.environ['DBT_CLOUD_TOKEN']}"})
            with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
                (Path(target) / name).write_bytes(reply.read())
        command = [sys.executable, "-m", "loader", "--target", "snowflake", "publish"]
        return subprocess.run(  # noqa: S603
            command, cwd=PROJECT, env={**os.environ, "DBT_TARGET_PATH": target}, check=False
        ).returncode


class Handler(BaseHTTPRequestHandler):
    """Answers at once and publishes afterwards: dbt Cloud waits ten seconds and repeats."""

    def do_POST(self) -> None:
        """One webhook."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST))
        signature = self.headers.get("Authorization", "")
        if not is_signed(body, signature, os.environ.get("DBT_CLOUD_WEBHOOK_SECRET", "")):
            self.send_response(401)
        else:
            found = run_to_publish(json.loads(body), os.environ["DBT_CLOUD_JOB_ID"])
            if found and is_due(datetime.now(UTC).date(), int(os.environ.get("EVERY_WEEKS", "1"))):
                threading.Thread(target=publish_and_tell, args=found).start()
            self.send_response(202 if found else 200)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
