"""The loop: publish, people label in Gainsight, pull, build, publish. Real dbt, real HTTP."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from dbt_bench import Bench, environment
from raw_folder import RawFolder

from loader.cli import main
from sandbox import Limits, Sandbox

BUILD = ("build", "--exclude-resource-type", "unit_test")
AFTER_LABELS = ("base_gainsight__instance_labels+,+gainsight__unlabelled_instances", "--indirect-selection", "cautious")
MODELS = ("gainsight__instances", "gainsight__unlabelled_instances")
NOON = datetime(2026, 6, 29, 12, tzinfo=UTC).timestamp()


class Loop:
    """A mart of one account with three instances, and its Gainsight."""

    def __init__(self, home: Path, models: Path) -> None:
        raw = RawFolder()
        raw.account("A1", "jane@us.example")
        raw.subscription("S1", "A1", "2026-01-01", seats=100, arr=120000)
        raw.add("licenses", license_id="L1", license_md5="a" * 32, subscription_id="S1", seats=100)
        for host, activated in (("main.example", 90), ("spare.example", 5), ("old.example", 1)):
            fields = {"license_md5": "a" * 32}
            raw.ping("u1", host, "2026-06-20T06:00:00Z", fields, activated=activated, active=activated)
        self.raw = raw.write(home / "raw")
        self.bench = Bench(home, self.raw, models, as_of="2026-06-30")
        self.bench.writes_json = True
        self.box = Sandbox(home / "gainsight.sqlite", limits=Limits.off(), access_key="key-4711", clock=lambda: NOON)

    def run(self, *arguments: str, form: str = "json") -> Any:
        """A command of the loader; its JSON, or text."""
        out, project = io.StringIO(), ("--project-dir", str(self.bench.project))
        profiles = ("--profiles-dir", str(self.bench.profiles))
        settings = {
            **self.bench.settings,
            "DBT_TARGET_PATH": str(self.bench.home / "target"),
            "GAINSIGHT_BASE_URL": self.box.url,
            "GAINSIGHT_ACCESS_KEY": "key-4711",
            "GAINSIGHT_CALLS_PER_MINUTE": "100000",
            "GAINSIGHT_CTA_OWNER": "lead@us.example",
            "GAINSIGHT_CTA_CALLS_PER_MINUTE": "100000",
        }
        self.bench.mart.close()
        with environment(**settings), contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
            main([*project, *profiles, *arguments, "--output", form])
        assert not ended.value.code, out.getvalue()
        return json.loads(out.getvalue()) if form == "json" else out.getvalue()

    def publish(self) -> Any:
        """Instances and the worklist; the result."""
        selected = [word for model in MODELS for word in ("--select", model)]
        return self.run("publish", *selected)["results"][0]

    def records(self, name: str) -> dict[str, dict[str, Any]]:
        """Gainsight's records by host."""
        return {row["Hostname__gc"]: row for row in self.box.rows(name)}


@pytest.fixture(scope="module")
def loop(home: Callable[[str], Path], models: Path) -> Iterator[Loop]:
    """The mart as it is first built, with a tenant that has the account's Company."""
    made = Loop(home("loop"), models)
    made.bench.build(*BUILD)
    with made.box:
        made.box.provision(made.bench.manifest_file())
        made.box.insert("Company", [{"Name": "A1", "SfdcAccountId": "A1"}])
        for name in ("lead", "jane"):
            made.box.add_user(name, f"{name}@us.example")
        yield made


def test_a_signal_is_listed_with_its_text_then_made_then_shown(loop: Loop) -> None:
    text = "An account of 120000 a year has reporting instances without a type; the largest is main.example."
    wanted = ("--destination", "gainsight_cta")
    (plan,) = loop.run("plan", *wanted)["plans"]
    (listed,) = plan["models"][0]["listed"]
    assert listed["Comments"].startswith(text)
    reference = "A1/unlabelled_large_account/2026-06-01"
    assert (listed["referenceId"], listed["OwnerEmail"], listed["priority"]) == (reference, "jane@us.example", "High")
    assert listed["DueDate"] == "2026-07-14"
    assert loop.box.rows("call_to_action") == [], "a plan makes nothing"
    assert loop.run("publish", *wanted)["results"][0]["rows_accepted"] == 1
    (call,) = loop.box.rows("call_to_action")
    assert call["Comments"].startswith(text)
    assert [each["reference"] for each in loop.run("status")["calls_to_action"]] == [reference]
    page = requests.get(f"{loop.box.url}/objects/call_to_action", timeout=10).text
    assert "A large account without a labelled instance" in page
    assert loop.run("publish", *wanted)["results"][0]["rows_accepted"] == 0


def test_the_plan_for_people_shows_the_texts_and_the_caps(loop: Loop) -> None:
    loop.bench.mart.close()
    with duckdb.connect(str(loop.bench.database)) as connection:
        connection.execute("delete from main_publish.publish_state where destination = 'gainsight_cta'")
    shown = loop.run("plan", "--destination", "gainsight_cta", form="text")
    assert "To be sent, unless it is there already: 1" in shown
    assert (
        "A1/unlabelled_large_account/2026-06-01, A large account without a labelled instance, High, 2026-07-14,"
        in shown
    )
    assert (
        "\n  An account of 120000 a year has reporting instances without a type; the largest is main.example." in shown
    )
    assert (
        "At most 25 calls to action are made a run (GAINSIGHT_CTA_PER_RUN), and 3 of ours are open at an account"
        in shown
    )


def test_publish_label_pull_build_publish(loop: Loop) -> None:
    # Publish: nobody has said what the instances are, and the worklist has all three, most seats first.
    assert loop.publish()["rows_accepted"] == 6
    worklist = loop.records("Unlabelled_Instance__gc")
    assert {
        host: (row["Label_Rank__gc"], row["Seats__gc"], row["CSM_Email__gc"]) for host, row in worklist.items()
    } == {
        "main.example": (1, 90, "jane@us.example"),
        "spare.example": (2, 5, "jane@us.example"),
        "old.example": (3, 1, "jane@us.example"),
    }
    instances = loop.records("Instance_Data__gc")
    main_row, spare = instances["main.example"], instances["spare.example"]
    assert (main_row["Instance_Type__gc"], main_row["Suggested_Instance_Type__gc"]) == ("Unknown", "Production")
    assert main_row["Suggestion_Reason__gc"] == "Many of the people with a seat are active on it."
    assert (spare["Suggested_Instance_Type__gc"], spare["Suggestion_Reason__gc"]) == (
        "Unknown",
        "Its figures do not say what it is.",
    )
    # Label: one instance right, one with an alias of a type.
    jane = next(row["Gsid"] for row in loop.box.rows("gsuser") if row["Email"] == "jane@us.example")
    loop.box.update("Instance_Data__gc", main_row["Gsid"], {"Instance_Type_Label__gc": "Production"}, jane)
    loop.box.update("Instance_Data__gc", spare["Gsid"], {"Instance_Type_Label__gc": "Staging"}, jane)
    # Pull: who, when and what are in the raw labels.
    pulled = loop.run("pull-labels")
    assert [(each["hostname"], each["change"]) for each in pulled["labels"]] == [
        ("main.example", "new"),
        ("spare.example", "new"),
    ]
    rows = list(csv.DictReader((loop.raw / "instance_labels.csv").open()))
    assert [(row["label"], row["labelled_by"], row["labelled_at"]) for row in rows] == [
        ("Production", "gainsight: jane@us.example", "2026-06-29T12:00:00.000Z"),
        ("Staging", "gainsight: jane@us.example", "2026-06-29T12:00:00.000Z"),
    ]
    # Build: the labels count.
    loop.bench.build(*BUILD, "--select", *AFTER_LABELS)
    types = loop.bench.mart.rows("select hostname, instance_type, instance_type_source from dim_instances")
    assert {row["hostname"]: (row["instance_type"], row["instance_type_source"]) for row in types} == {
        "main.example": ("Production", "label"),
        "spare.example": ("Non-Production", "label"),
        "old.example": ("Unknown", "default"),
    }
    # Publish: Gainsight shows the types, and the worklist what is left; the labels are as people gave them.
    assert loop.publish()["rows_deleted"] == 2
    instances = loop.records("Instance_Data__gc")
    assert {host: (row["Instance_Type__gc"], row["Instance_Type_Label__gc"]) for host, row in instances.items()} == {
        "main.example": ("Production", "Production"),
        "spare.example": ("Non-Production", "Staging"),
        "old.example": ("Unknown", None),
    }
    worklist = loop.records("Unlabelled_Instance__gc")
    assert {host: row["Label_Rank__gc"] for host, row in worklist.items()} == {"old.example": 1}
    # Once round, nothing is new.
    assert loop.run("pull-labels")["labels"] == []
    again = loop.publish()
    assert (again["rows_accepted"], again["rows_deleted"], again["plan"]["models"][0]["unchanged"]) == (0, 0, 3)


def test_a_worklist_that_is_done_is_emptied_without_a_word(loop: Loop) -> None:
    old = loop.records("Instance_Data__gc")["old.example"]
    loop.box.update("Instance_Data__gc", old["Gsid"], {"Instance_Type_Label__gc": "Obsolete"})
    loop.run("pull-labels")
    loop.bench.build(*BUILD, "--select", *AFTER_LABELS)
    assert loop.publish()["rows_deleted"] == 1
    assert loop.box.rows("Unlabelled_Instance__gc") == []
