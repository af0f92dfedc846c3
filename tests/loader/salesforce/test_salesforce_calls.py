"""Salesforce by calls: credentials, quotas, updates by id, and what is spared."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from rig_salesforce import SalesforceRig
from rigs import Bench, model

from loader.engine.publish import Request, metered
from loader.engine.reconcile import Reconciler
from loader.errors import MisuseError, StoppedError
from loader.salesforce import Salesforce
from loader.warehouse import Options
from sandbox.salesforce import AT_ONCE, DAY_SPENT, Fault, Limits, Org, Switches

ACCOUNT: dict[str, Any] = {
    "object": "Account",
    "mode": "update",
    "key": ("Id",),
    "fields": {"account_id": "Id", "note": "Health_Note__c", "amount": "Health_Score__c"},
    "lookups": (),
}


def settings_of(bench: Bench) -> dict[str, str]:
    assert isinstance(bench.rig, SalesforceRig)
    return bench.rig.settings


def operations(org: Org) -> Counter[str]:
    return Counter(call.operation for call in org.calls)


# Credentials


def test_a_session_that_ends_in_mid_run_is_renewed(calls: Bench, org: Org) -> None:
    org.schedule(Fault("end_tokens", operation="upsert", nth=1))
    assert calls.publish().accepted == 60
    assert operations(org)["token"] == 2
    calls.assert_settled()


def test_a_key_file_signs_an_assertion_for_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Bench
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    with Org(public_key=public.decode(), client_secret="another") as org:
        rig = SalesforceRig(org, monkeypatch)
        rig.companies([f"A{n}" for n in range(5)])
        monkeypatch.setenv("SALESFORCE_USERNAME", "integration@example.com")
        monkeypatch.setenv("SALESFORCE_PRIVATE_KEY_FILE", str(tmp_path / "key.pem"))
        assert calls.publish(rig).accepted == 60
        monkeypatch.setenv("SALESFORCE_USERNAME", "somebody@example.com")
        calls.sql("update things set amount = 0")
        with pytest.raises(MisuseError, match="SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE"):
            calls.publish(rig)
        (tmp_path / "key.pem").write_text("no key")
        with pytest.raises(MisuseError, match="SALESFORCE_PRIVATE_KEY_FILE holds no RSA private key"):
            calls.publish(rig)


def test_without_credentials_or_with_wrong_ones_nothing_is_sent(calls: Bench) -> None:
    rig = settings_of(calls)
    for secret, message in (
        ("wrong", "Salesforce refused SALESFORCE_CLIENT_ID with SALESFORCE_CLIENT_SECRET"),
        ("", "Salesforce needs credentials: set SALESFORCE_CLIENT_ID"),
    ):
        rig["CLIENT_SECRET"] = secret
        with pytest.raises(MisuseError, match=message):
            calls.publish()
    assert calls.rig.records() == []


# Quota


def test_a_record_that_an_unanswered_call_made_is_known_as_ours(calls: Bench, org: Org) -> None:
    """A second try would be answered with "created: false", as if somebody else had made it, and it would never be
    deleted."""
    org.schedule(Fault("reset", operation="upsert", after_commit=True))
    accepted = calls.publish(mode="mirror", on_gone="delete").accepted
    assert accepted == len(calls.rig.records()) > 0
    assert operations(org)["upsert"] == 1, "what was made is found, not sent again"
    assert calls.sql("select distinct created_by_us from main_publish.publish_state") == [(True,)]
    calls.sql("delete from things where thing_id = 't1'")
    assert calls.publish(mode="mirror", on_gone="delete").deleted > 0
    calls.assert_settled()


def test_the_org_is_asked_once_before_the_plan_and_rows_beyond_its_calls_wait(calls: Bench, org: Org) -> None:
    calls.sql("insert into things select 'u' || i, date '2026-01-01', i, 'n', 'A1' from range(940) as r(i)")
    org.limits = Limits(calls_per_day=9)
    with pytest.raises(StoppedError, match="rows are left for the next run"):
        calls.publish()
    assert operations(org)["limits"] == 1
    assert not [call for call in org.calls if call.status == 403]
    assert 200 <= len(calls.rig.records()) < 1000
    org.limits = Limits()
    calls.publish()
    calls.assert_settled()


@pytest.mark.parametrize("header", [True, False])
def test_of_the_two_meanings_of_one_code_only_one_ends_the_day(calls: Bench, org: Org, header: bool) -> None:
    org.switches = Switches(limit_header=header)
    org.schedule(Fault("status", operation="upsert", status=403, body=[AT_ONCE], times=2))
    assert calls.publish().accepted == 60
    calls.sql("update things set amount = amount + 1")
    org.clear_calls()
    org.schedule(Fault("status", operation="update", status=403, body=[DAY_SPENT]))
    with pytest.raises(StoppedError, match="the org's calls of the day are used up"):
        calls.publish()
    assert operations(org)["update"] == 1, "it is not tried again"
    assert calls.publish().accepted == 60


# Accounts, by id


@pytest.fixture
def accounts(calls: Bench, org: Org) -> tuple[Bench, list[str]]:
    """Three rows, of accounts that are there."""
    fields = [{"name": "Health_Note__c", "type": "string"}, {"name": "Health_Score__c", "type": "double"}]
    org.create_object("Account", fields)
    ids = org.insert("Account", [{"Name": f"N{n}"} for n in range(3)])
    calls.sql("delete from things")
    for n, each in enumerate(ids):
        calls.sql(f"insert into things values ('x', date '2026-01-01', {n}.5, 'n{n}', '{each}')")
    return calls, ids


@pytest.mark.parametrize("by_file", [False, True])
def test_an_account_is_changed_by_its_id_and_none_is_created(
    accounts: tuple[Bench, list[str]], org: Org, by_file: bool
) -> None:
    bench, ids = accounts
    settings_of(bench)["BULK_THRESHOLD"] = "1" if by_file else "2000"
    before = org.count("Account")
    bench.sql("insert into things values ('x', date '2026-01-01', 1, 'nobody', '001000000000999AAA')")
    bench.sql("insert into things values ('x', date '2026-01-01', 1, 'no id', 'A-17'' OR Name != ''')")
    ended = bench.publish(**ACCOUNT)
    assert (ended.accepted, ended.rejected) == (3, 2)
    assert bench.sql("select distinct code from main_publish.publish_rejections") == [("NO_MATCH",)]
    assert org.count("Account") == before
    there = {r["Id"]: (r["Health_Note__c"], r["Health_Score__c"]) for r in org.rows("Account") if r["Health_Note__c"]}
    assert there == {each: (f"n{n}", n + 0.5) for n, each in enumerate(ids)}
    assert bench.publish(**ACCOUNT).accepted == 0
    assert operations(org)["upsert"] == 0


def test_an_id_of_15_characters_finds_its_account(accounts: tuple[Bench, list[str]], org: Org) -> None:
    bench, _ = accounts
    bench.sql("update things set account_id = left(account_id, 15)")
    assert bench.publish(**ACCOUNT).accepted == 3
    assert {r["Health_Note__c"] for r in org.rows("Account")} >= {"n0", "n1", "n2"}


def test_an_account_is_found_by_an_external_id_and_several_are_not_guessed_at(
    accounts: tuple[Bench, list[str]], org: Org
) -> None:
    bench, _ = accounts
    org.create_object("Account", [{"name": "Crm__c", "type": "string", "externalId": True}])
    org.insert("Account", [{"Name": "one", "Crm__c": "c-1"}, {"Name": "two", "Crm__c": "c-2"}])
    org.insert("Account", [{"Name": "two again", "Crm__c": "c-2"}])
    bench.sql("delete from things")
    for code in ("c-1", "c-2", "c-3"):
        bench.sql(f"insert into things values ('x', date '2026-01-01', 1, 'of {code}', '{code}')")
    given = {**ACCOUNT, "key": ("Crm__c",), "fields": {**ACCOUNT["fields"], "account_id": "Crm__c"}}
    ended = bench.publish(**given)
    assert (ended.accepted, ended.rejected) == (1, 2)
    told = dict(bench.sql("select row_key, code from main_publish.publish_rejections"))
    assert told == {'["c-2"]': "MULTIPLE_MATCHES", '["c-3"]': "NO_MATCH"}
    assert [r["Name"] for r in org.rows("Account") if r["Health_Note__c"]] == ["one"]


# What is spared


def test_only_what_is_different_there_is_written_when_asked_for(
    calls: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_ONLY_IF_DIFFERENT", "true")
    assert calls.publish().accepted == 60
    org.clear_calls()
    calls.sql("update main_publish.publish_state set row_hash = 'x'")
    calls.sql("update things set note = 'other' where thing_id = 't1'")
    ended = calls.publish()
    assert (ended.accepted, ended.exit_code) == (60, 0)
    assert sum(call.records for call in org.calls if call.operation == "update") == 2
    calls.assert_settled()
    calls.sql("delete from main_publish.publish_state")
    org.clear_calls()
    assert calls.publish().accepted == 60
    assert operations(org)["upsert"] == 0, "somebody else's records that are as the mart's rows"
    monkeypatch.setenv("SALESFORCE_ONLY_IF_DIFFERENT", "false")
    org.clear_calls()
    assert calls.publish(request=Request(Options(full=True), gate=False)).accepted == 60
    assert sum(call.records for call in org.calls if call.operation == "update") == 60


def test_a_trigger_that_rounds_or_trims_is_seen_by_a_reconcile_alone(calls: Bench, org: Org) -> None:
    org.switches = Switches(triggers={"Thing__c.Amount__c": lambda v: None if v is None else round(v)})
    calls.publish()
    destination = calls.rig.destination()
    with calls.state(destination) as state, metered(destination, state):
        found = list(Reconciler(destination, state).differences([model(**calls.rig.given)]))
    assert {(each.kind, each.field) for each in found} == {("drifted", "Amount__c")}
    assert len(found) == 30, "those of the second day, whose amounts have a decimal"
    assert calls.publish().accepted == 0


@pytest.mark.parametrize("by_file", [False, True])
def test_a_stamp_is_sent_with_a_row_and_is_no_reason_to_send_it(calls: Bench, by_file: bool) -> None:
    settings_of(calls)["BULK_THRESHOLD"] = "1" if by_file else "2000"
    calls.sql("update things set note = null")
    stamped: dict[str, Any] = {"stamps": frozenset({"note", "day"}), "run": "note"}
    first = calls.publish(**stamped)
    assert (first.accepted, {r["Note__gc"] for r in calls.rig.records()}) == (60, {first.run_id})
    assert calls.publish(**stamped).accepted == 0
    calls.sql("update things set amount = 99 where thing_id = 't1'")
    third = calls.publish(**stamped)
    assert third.accepted == 2
    there = {r["Thing_Id__gc"]: r["Note__gc"] for r in calls.rig.records()}
    assert (there.pop("t1"), set(there.values())) == (third.run_id, {first.run_id})
    destination = calls.rig.destination()
    with calls.state(destination) as state, metered(destination, state):
        assert list(Reconciler(destination, state).differences([model(**{**calls.rig.given, **stamped})])) == []


# Settings of an org


def test_a_duplicate_rule_blocks_unless_the_setting_lets_rows_pass(
    calls: Bench, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.switches = Switches(duplicate_rule="blocks")
    with pytest.raises(StoppedError, match="60 rows in a row were refused without naming a field"):
        calls.publish()
    monkeypatch.setenv("SALESFORCE_ALLOW_DUPLICATES", "true")
    assert calls.publish(request=Request(Options(retry_rejected=True), gate=False)).accepted == 60
    calls.assert_settled()


def test_keys_that_differ_in_case_alone_are_both_rejected_unless_the_org_tells_them_apart(
    calls: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls.rig.destination()
    made = model(**calls.rig.given)
    assert Salesforce().ignores(made) == {"case"}
    assert Salesforce().ignores(replace(made, key=("Id",))) == frozenset(), "the case of ids counts"
    monkeypatch.setenv("SALESFORCE_KEYS_IGNORE", "nothing")
    assert Salesforce().ignores(made) == frozenset()
    monkeypatch.setenv("SALESFORCE_KEYS_IGNORE", "space")
    with pytest.raises(MisuseError, match="SALESFORCE_KEYS_IGNORE must be case or nothing"):
        Salesforce()
