"""`publish` without --destination sends to each configured destination; none of them stops the others."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import harness

from loader.engine.limits import Meter
from loader.salesforce import Salesforce
from sandbox import Fault
from sandbox.salesforce import Org

DOWN = {"GAINSIGHT_GIVE_UP_SECONDS": "0.5", "SALESFORCE_GIVE_UP_SECONDS": "0.5"}


@pytest.fixture
def both(built: Path, tmp_path: Path, org: Org) -> Iterator[harness.Bench]:
    """5 accounts: their health goes to Salesforce, 20 instances and their usage to Gainsight."""
    code = {"name": "Code__c", "type": "string", "externalId": True, "unique": True, "caseSensitive": True}
    org.create_object("Account", [code, {"name": "Color__c", "type": "string"}])
    org.insert("Account", [{"Name": f"A{n}", "Code__c": f"A{n}"} for n in range(5)])
    folder = harness.copy_project(built, tmp_path / "project")
    with harness.Bench(folder) as bench:
        bench.fill(20, 2, 5)
        path = folder / "target" / "manifest.json"
        manifest = json.loads(path.read_text())
        (node,) = (each for each in manifest["nodes"].values() if each["name"] == "gainsight__company_health")
        given = {
            "destination": "salesforce",
            "object": "Account",
            "key": ["Code__c"],
            "mode": "update",
            "fields": {"account_id": "Code__c", "overall_color": "Color__c"},
        }
        node["config"]["meta"]["publish"] = node["meta"]["publish"] = given
        path.write_text(json.dumps(manifest))
        bench.env |= {
            "SALESFORCE_BASE_URL": org.url,
            "SALESFORCE_CLIENT_ID": "local",
            "SALESFORCE_CLIENT_SECRET": "local",
        }
        bench.env |= {"SALESFORCE_TIMEOUT_SECONDS": "5", "SALESFORCE_GIVE_UP_SECONDS": "20"}
        yield bench


def publish(bench: harness.Bench, *arguments: str, **env: str) -> harness.Ended:
    """Without the gate: the manifest is not the one that was built."""
    return bench.run("publish", "--no-gate", *arguments, env=env)


def results(ended: harness.Ended) -> dict[str, tuple[int, int]]:
    """Exit code and accepted rows by destination."""
    return {each["destination"]: (each["exit_code"], each["rows_accepted"]) for each in ended.json["results"]}


def lines(ended: harness.Ended) -> dict[str, str]:
    """The summary's lines by destination; they are the last on stdout."""
    last = ended.out.strip().splitlines()[-2:]
    return {line.replace(":", " ").split()[0]: line for line in last}


def colors(org: Org) -> list[str | None]:
    return [row["Color__c"] for row in org.rows("Account")]


def test_each_destination_gets_its_rows_and_a_line(both: harness.Bench, org: Org) -> None:
    ended = publish(both)
    assert ended.code == 0, ended.err
    said = lines(ended)
    assert set(said) == {"gainsight", "salesforce"}
    assert ": 60 rows accepted, 0 rejected," in said["gainsight"]
    assert ": 5 rows accepted, 0 rejected," in said["salesforce"]
    assert colors(org) == ["green"] * 5


def test_one_that_is_down_does_not_stop_the_other_and_the_exit_code_is_the_worst(both: harness.Bench, org: Org) -> None:
    both.box.schedule(Fault("status", status=503, times=10_000))
    ended = publish(both, "--output", "json", **DOWN)
    assert ended.code == 4
    assert results(ended) == {"gainsight": (4, 0), "salesforce": (0, 5)}
    assert ended.json["exit_code"] == 4
    assert ended.json["error"].startswith("gainsight: ")
    both.box.clear_faults()
    org.schedule(Fault("status", status=503, times=10_000))
    both.sql("update gainsight__company_health set overall_color = 'red'")
    ended = publish(both, **DOWN)
    assert ended.code == 4
    assert ": 60 rows accepted" in lines(ended)["gainsight"]
    assert lines(ended)["salesforce"].startswith("salesforce: ")
    assert "salesforce: " in ended.err
    assert colors(org) == ["green"] * 5, "the change waits"


def test_a_wrong_setting_of_one_costs_that_one_alone(both: harness.Bench, org: Org) -> None:
    ended = publish(both, SALESFORCE_CALLS_PER_DAY="lots")
    assert ended.code == 2
    assert lines(ended)["salesforce"].startswith("salesforce: SALESFORCE_CALLS_PER_DAY must be a number above 0")
    assert ": 60 rows accepted" in lines(ended)["gainsight"]
    assert colors(org) == [None] * 5


def test_rows_rejected_at_one_are_told_by_the_exit_code(both: harness.Bench, org: Org) -> None:
    both.sql("update gainsight__instances set instance_type = 'Nonsense' where instance_id = 'i3'")
    ended = publish(both, "--output", "json")
    assert results(ended) == {"gainsight": (1, 59), "salesforce": (0, 5)}
    assert (ended.code, "error" in ended.json) == (1, False)


def test_an_error_in_the_loader_itself_is_one_destinations_too(
    both: harness.Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loader.gainsight.Gainsight.find", lambda *_: {}["nothing"])
    ended = publish(both)
    assert ended.code == 4
    assert "gainsight: The loader itself failed (KeyError in" in ended.out
    assert colors(org) == ["green"] * 5


def test_a_signal_ends_the_whole_round(both: harness.Bench, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = Salesforce.connect  # its turn is first

    def signalled(self: Salesforce, meter: Meter) -> None:
        meter.stop.set()
        connect(self, meter)

    monkeypatch.setattr(Salesforce, "connect", signalled)
    ended = publish(both)
    assert ended.code == 4
    assert lines(ended)["gainsight"] == "gainsight: Not begun: a signal came."
    assert both.box.calls == []


def test_one_without_an_address_is_left_alone_and_said(both: harness.Bench, org: Org) -> None:
    ended = publish(both, SALESFORCE_BASE_URL="")
    assert ended.code == 0
    assert "SALESFORCE_BASE_URL is not set: nothing is done for salesforce" in ended.err
    assert org.calls == []


@pytest.mark.parametrize("command", ["check", "reconcile"])
def test_what_cannot_be_asked_keeps_no_other_from_being_looked_at(both: harness.Bench, org: Org, command: str) -> None:
    """A new tenant's key is wrong: the org is checked and compared all the same, and JSON is one document."""
    assert publish(both).code == 0
    record = org.rows("Account")[0]
    org.update("Account", record["Id"], {"Color__c": "blue"})
    both.sql("update gainsight__company_health set overall_color = repeat('x', 300) where account_id = 'A4'")
    wrong = {"GAINSIGHT_ACCESS_KEY": "another"}
    ended = both.run(command, "--output", "json", env=wrong)
    assert ended.code == 2 and ended.json["error"].startswith("gainsight: Gainsight refused the credentials")
    told = ended.json["findings" if command == "check" else "differences"]
    assert [(each["object"], each["field"]) for each in told] == [("Account", "Color__c")]
    alone = both.run(command, "--destination", "gainsight", env=wrong)
    assert alone.code == 2 and alone.err.strip().startswith("Gainsight refused the credentials")


def test_labels_are_not_said_to_have_been_read_where_none_are_given(both: harness.Bench) -> None:
    ended = both.run("pull-labels", "--destination", "salesforce")
    assert (ended.code, ended.out) == (2, "") and "None of these publish models has labels" in ended.err
