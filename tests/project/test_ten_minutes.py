"""docs/ten-minutes.md, done as it stands in a fresh clone: demo, dashboard on an account, a metric of one's own, a report."""

from __future__ import annotations

import os
import re
import urllib.request
from pathlib import Path

import pytest
import yaml
from dbt_bench import REPO
from doc_walk import Walk, steps

PAGE = REPO / "docs" / "ten-minutes.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.long
def test_a_stranger_does_what_the_page_says(tmp_path: Path) -> None:
    pytest.importorskip("streamlit", reason="Streamlit is not installed (`make dashboard` installs it)")
    from app_bench import records, served, show
    from test_first_hour import clone

    project = clone(tmp_path)
    walk = Walk(project, tmp_path, dict(os.environ))
    database = project / "customer_health.duckdb"
    account = re.findall(r"localhost:8501/account\?account=(\w+)>", TEXT)[0]
    looked = False
    for step in steps(PAGE):
        walk.take(step)
        if (
            step.kind == "shows" and not looked
        ):  # the demo is there: what `make dashboard` serves, at the page's address
            looked = True
            with served(database, tmp_path) as address:
                reply = urllib.request.urlopen(f"{address}/account?account={account}", timeout=60)  # noqa: S310
                assert reply.status == 200
            assert records(show("account", database, tmp_path, account=account), "Measure", "Band")
    page = show("account", database, tmp_path, account=account)
    assert "protected_branches_28_days_user" in page.selectbox(key="account_metric").options or any(
        "Protected branches" in str(option) for option in page.selectbox(key="account_metric").options
    )
    report = (project / "build" / "reports" / account / "report.html").read_text(encoding="utf-8")
    assert "Alder Avionics" in report and "<script" not in report


def test_the_page_has_the_four_parts_and_its_metric_is_none_that_is_there() -> None:
    assert [title[0] for title in re.findall(r"^## (\d)\.", TEXT, re.MULTILINE)] == list("1234")
    files = {Path(step.path).name: step.body for step in steps(PAGE) if step.kind == "file"}
    assert set(files) == {f"metric_protected_branches_28_days_user.{end}" for end in ("sql", "yml")}
    (model,) = yaml.safe_load(files["metric_protected_branches_28_days_user.yml"])["models"]
    (path,) = model["config"]["meta"]["metric"]["key_paths"]
    for yml in (REPO / "models" / "metrics").rglob("*.yml"):
        assert path not in yml.read_text(encoding="utf-8")
