"""Marketo by calls: tokens, limits, records that were skipped, nulls, and what is read back."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from rig_marketo import MarketoRig
from rigs import Bench

from loader.engine.http import Http, Reply
from loader.engine.limits import Meter
from loader.engine.publish import Request, metered
from loader.engine.reconcile import Difference, Reconciler
from loader.errors import LoaderError, MisuseError, StoppedError
from loader.marketo import auth
from loader.warehouse import Options
from sandbox.marketo import Fault, Instance, Limits, RowFault, Switches

COMPANY: dict[str, Any] = {
    "object": "Company",
    "key": ("externalCompanyId",),
    "fields": {"account_id": "externalCompanyId", "note": "company", "amount": "annualRevenue"},
    "lookups": (),
}


def box(bench: Bench) -> Instance:
    assert isinstance(bench.rig, MarketoRig)
    return bench.rig.instance


def operations(bench: Bench) -> Counter[str]:
    return Counter(call.operation for call in box(bench).calls)


# Tokens


@pytest.mark.parametrize("code", ["601", "602"])
def test_a_token_that_is_refused_in_mid_run_is_renewed(calls: Bench, code: str) -> None:
    calls.rig.after(1, lambda: None)
    box(calls).schedule(Fault("end_tokens" if code == "602" else "result_false", operation="upsert", code=code))
    if code == "601":
        calls.rig.after(1, box(calls).forget_tokens)
    assert calls.publish().accepted == 60
    assert operations(calls)["token"] == 2
    calls.assert_settled()


def test_a_token_that_comes_without_life_left_is_asked_for_again(calls: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_PAUSE", 0.01)
    box(calls).switches = Switches(stale_identity=2)
    assert calls.publish().accepted == 60
    assert operations(calls)["token"] == 3
    calls.assert_settled()


def test_the_secret_and_the_token_stand_in_no_address_and_the_token_in_one_header(
    calls: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, dict[str, str], Any]] = []
    request = Http.request

    def noting(self: Http, method: str, path: str, headers: dict[str, str], **body: Any) -> Reply:
        seen.append((path, headers, body.get("data")))
        return request(self, method, path, headers, **body)

    monkeypatch.setattr(Http, "request", noting)
    calls.publish()
    assert all("?" not in path or path.endswith("?_method=GET") for path, _, _ in seen)
    tokens = {headers["Authorization"] for path, headers, _ in seen if path != auth.TOKEN}
    assert len(tokens) == 1 and all(each.startswith("Bearer ") for each in tokens)
    assert [data["client_secret"] for path, _, data in seen if path == auth.TOKEN] == ["local"]
    assert all(b"local" not in (data or b"") for path, _, data in seen if path != auth.TOKEN)


def test_wrong_credentials_and_an_address_with_rest_are_told(calls: Bench) -> None:
    assert isinstance(calls.rig, MarketoRig)
    settings = calls.rig.settings
    for name, value, message in (
        ("CLIENT_SECRET", "wrong", "Marketo refused MARKETO_CLIENT_ID and MARKETO_CLIENT_SECRET"),
        ("CLIENT_SECRET", "", "Marketo needs credentials"),
        ("BASE_URL", f"{box(calls).url}/rest", "the address without /rest"),
    ):
        kept, settings[name] = settings[name], value
        with pytest.raises(MisuseError, match=message):
            calls.publish()
        settings[name] = kept
    assert box(calls).rows("thing_c") == []


def test_a_token_that_a_reply_echoes_is_nowhere(calls: Bench) -> None:
    calls.sql("insert into things values ('x', '2026-01-01', 7, 'n', 'A1')")
    box(calls).schedule(Fault("echo", operation="upsert"))
    with pytest.raises(LoaderError) as ended:
        calls.publish()
    said = str(ended.value) + str(calls.sql("from main_publish.publish_runs"))
    assert "Bearer ***" in said and ":int" not in said


def test_a_permission_that_is_missing_ends_the_run_and_names_the_role(calls: Bench) -> None:
    box(calls).switches = Switches(denied=frozenset({"upsert"}))
    with pytest.raises(MisuseError, match=r"role lacks a permission.*Nothing was sent"):
        calls.publish()


# Limits


def test_bursts_of_too_many_calls_are_waited_for(calls: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """606 says how long its window is, 615 passes at once; neither was carried out, nor is it the day's end."""
    assert isinstance(calls.rig, MarketoRig)
    calls.rig.settings["GIVE_UP_SECONDS"] = "120"
    waited: list[float] = []
    monkeypatch.setattr(Meter, "pause", lambda self, seconds: waited.append(seconds))
    box(calls).schedule(Fault("result_false", operation="upsert", code="606", times=2))
    box(calls).schedule(Fault("result_false", operation="query", code="615", times=3))
    assert calls.publish().accepted == 60
    assert len([each for each in waited if each == 20]) == 2 and len([each for each in waited if 0 < each < 20]) >= 3
    calls.assert_settled()


def test_the_day_that_is_spent_ends_the_run_at_once_and_the_next_one_goes_on(calls: Bench) -> None:
    calls.sql("insert into things select 'm' || i, date '2026-01-01', i, 'n', 'A1' from range(400) as r(i)")
    box(calls).schedule(Fault("result_false", operation="upsert", code="607", nth=2))
    with pytest.raises(StoppedError, match=r"calls of the day are used up .*00:00 Central Standard Time"):
        calls.publish()
    assert operations(calls)["upsert"] == 2
    calls.publish()
    calls.assert_settled()


def test_what_all_users_have_used_of_the_day_is_in_the_plan(calls: Bench) -> None:
    assert isinstance(calls.rig, MarketoRig)
    calls.rig.settings["QUOTA_PER_DAY"] = "1000"
    box(calls).limits = Limits(calls_per_window=None, others_per_day=900)
    ended = calls.publish()
    assert ended.plan and 95 <= ended.plan.remaining < 100
    box(calls).limits = Limits(calls_per_window=None, others_per_day=999)
    calls.sql("update things set amount = amount + 1")
    with pytest.raises(StoppedError):
        calls.publish()
    assert calls.rig.beyond() == 0


# Records


def test_results_are_tied_by_seq_in_whatever_order_they_come(calls: Bench) -> None:
    box(calls).switches = Switches(results_order="shuffled", query_order="shuffled", decimals="text")
    calls.publish()
    held = dict(calls.sql("select row_key, destination_id from main_publish.publish_state"))
    assert held == {f'["{row["thingKey"]}"]': row["marketoGUID"] for row in box(calls).rows("thing_c")}
    calls.assert_settled()


def test_a_record_that_was_skipped_is_not_sent_whatever_the_call_says(calls: Bench) -> None:
    box(calls).fail_rows(RowFault("1007", where=lambda row: row.get("thingId") == "t1"))
    ended = calls.publish()
    assert (ended.accepted, ended.rejected, ended.exit_code) == (58, 2, 1)
    assert {code for (code,) in calls.sql("select code from main_publish.publish_rejections")} == {"1007"}


@pytest.mark.parametrize("code", ["1014", "1019", "1022"])
def test_what_passes_by_itself_is_later_and_goes_in_the_same_run(calls: Bench, code: str) -> None:
    box(calls).fail_rows(RowFault(code, times=2))
    ended = calls.publish()
    assert (ended.accepted, ended.later, ended.exit_code) == (60, 0, 0)
    calls.assert_settled()


def test_a_record_that_vanished_is_made_again_and_no_key_ever_changes(calls: Bench) -> None:
    calls.publish()
    before = {row["thingKey"]: row["marketoGUID"] for row in box(calls).rows("thing_c")}
    box(calls).delete("thing_c", before["t1/2026-01-01"])
    calls.sql("update things set amount = amount + 1")
    assert calls.publish().accepted == 60
    after = {row["thingKey"]: row["marketoGUID"] for row in box(calls).rows("thing_c")}
    assert {key for key in before if before[key] != after[key]} == {"t1/2026-01-01"}
    calls.assert_settled()


@pytest.mark.parametrize("kind", ["lost", "too many"])
def test_a_record_that_an_unanswered_call_made_is_known_as_ours(calls: Bench, kind: str) -> None:
    """A second try would be answered with "updated", as if somebody else had made it, and it would never be deleted."""
    calls.rig.strike(kind, "write")
    assert calls.publish(mode="mirror", on_gone="delete").accepted == 60
    assert calls.sql("select distinct created_by_us from main_publish.publish_state") == [(True,)]
    calls.sql("delete from things where thing_id = 't1'")
    assert calls.publish(mode="mirror", on_gone="delete").deleted == 2
    calls.assert_settled()


def test_null_and_empty_text_both_clear_and_the_plan_says_so(calls: Bench) -> None:
    calls.publish()
    calls.sql("update things set note = '' where thing_id = 't1'")
    calls.sql("update things set note = null where thing_id = 't2'")
    ended = calls.publish()
    assert ended.plan and ended.plan.as_dict()["models"][0]["null_overwrites"] == {"Note": 2}
    assert "either clears its field" in " ".join(ended.plan.as_dict()["remarks"])
    cleared = {row["thingId"] for row in box(calls).rows("thing_c") if row["Note"] is None}
    assert cleared == {"t1", "t2"}
    assert calls.publish().accepted == 0


def test_companies_take_account_health_by_their_external_id(calls: Bench) -> None:
    calls.sql("delete from things where thing_id not in ('t0', 't1', 't2') or day > '2026-01-01'")
    calls.sql("insert into things values ('x', '2026-01-01', 7, 'Seven', 'A7')")
    ended = calls.publish(**COMPANY)
    assert (ended.accepted, ended.rejected) == (4, 0)
    there = {row["externalCompanyId"]: row for row in box(calls).rows("Company")}
    assert (there["A7"]["company"], there["A7"]["annualRevenue"], there["A0"]["company"]) == ("Seven", 7, "note 0")
    calls.sql("update things set note = 'Other' where thing_id = 'x'")
    calls.sql("insert into things values ('y', '2026-01-01', 8, 'Eight', 'A8')")
    ended = calls.publish(**COMPANY, mode="update")
    assert (ended.accepted, ended.rejected) == (1, 1), "none is created in update mode"
    assert dict(calls.sql("select row_key, code from main_publish.publish_rejections")) == {'["A8"]': "NO_MATCH"}


def test_native_sync_ends_the_run_before_anything_is_sent_and_says_what_to_do(calls: Bench) -> None:
    calls.sql("delete from things where thing_id != 't0' or day > '2026-01-01'")
    for switches in (
        Switches(native_sync="read_only"),
        Switches(native_sync="read_only", crm_refusal="records"),
        Switches(native_sync="disabled"),
    ):
        box(calls).switches = switches
        with pytest.raises(MisuseError, match=r"var marketo_account_object.*Nothing was sent"):
            calls.publish(**COMPANY)


def test_a_key_with_a_comma_is_rejected_for_no_query_finds_it_again(calls: Bench) -> None:
    calls.sql("insert into things values ('a,b', '2026-01-01', 7, 'n', 'A1')")
    ended = calls.publish()
    assert (ended.accepted, ended.rejected) == (60, 1)
    told = calls.sql("select row_key, code from main_publish.publish_rejections")
    assert told == [('["a,b/2026-01-01"]', "KEY_WITH_COMMA")]


# Reading back


def differences(bench: Bench, **given: Any) -> list[Difference]:
    from rigs import model

    destination = bench.rig.destination()
    with bench.state(destination) as state, metered(destination, state):
        return list(Reconciler(destination, state).differences([model(**{**bench.rig.given, **given})]))


def test_records_are_read_back_by_key_a_page_at_a_time_and_mended(calls: Bench) -> None:
    calls.sql("insert into things select 'm' || i, date '2026-01-01', i, 'n', 'A1' from range(400) as r(i)")
    calls.publish()
    assert differences(calls) == []
    assert all(call.records <= 300 for call in box(calls).calls)
    assert box(calls).most_at_once == 1, "the vendor asks for five at most"
    ids = {row["thingKey"]: row["marketoGUID"] for row in box(calls).rows("thing_c")}
    box(calls).update("thing_c", ids["t1/2026-01-01"], {"Note": "somebody else's"})
    box(calls).delete("thing_c", ids["t2/2026-01-01"])
    found = differences(calls)
    assert {(each.kind, each.row_key, each.field) for each in found} == {
        ("drifted", '["t1/2026-01-01"]', "Note"),
        ("missing", '["t2/2026-01-01"]', ""),
    }


def test_a_key_of_two_fields_is_looked_for_by_input(calls: Bench) -> None:
    fields = [{"name": "thingId", "type": "string", "dedupe": True}, {"name": "day", "type": "date", "dedupe": True}]
    box(calls).create_object("pair_c", [*fields, {"name": "amount", "type": "float"}])
    given: dict[str, Any] = {
        "object": "pair_c",
        "key": ("thingId", "day"),
        "fields": {"thing_id": "thingId", "day": "day", "amount": "amount"},
        "lookups": (),
    }
    assert calls.publish(**given).accepted == 60
    assert differences(calls, **given) == []
    box(calls).update("pair_c", box(calls).rows("pair_c")[0]["marketoGUID"], {"amount": 99})
    assert [each.field for each in differences(calls, **given)] == ["amount"]


def test_everything_again_changes_nothing(calls: Bench) -> None:
    calls.publish()
    before = box(calls).rows("thing_c")
    assert calls.publish(request=Request(Options(full=True), gate=False)).accepted == 60
    strip = [{k: v for k, v in row.items() if k != "updatedAt"} for row in box(calls).rows("thing_c")]
    assert strip == [{k: v for k, v in row.items() if k != "updatedAt"} for row in before]
    assert json.dumps(strip)
