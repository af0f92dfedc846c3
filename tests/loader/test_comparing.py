"""Values are compared as the tenant keeps them: no duplicate, no drift for ever, no repair that repairs nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from harness import Bench
from sampled import sampled

from loader.engine.destination import Field
from loader.errors import MisuseError
from loader.gainsight.comparing import Comparing
from sandbox import Switches

OBJECT, USAGE = "Instance_Data__gc", "Instance_Usage__gc"


def kept(make_bench: Callable[..., Bench], objects: dict[str, Any] | None = None, **switches: Any) -> Bench:
    """A bench whose tenant keeps values as these switches say."""
    bench = make_bench(switches=Switches(**switches), **({"objects": objects} if objects else {}))
    bench.fill()
    return bench


def differences(bench: Bench, *more: str) -> list[Any]:
    """What reconcile finds."""
    ended = bench.run("reconcile", "--output", "json", "--no-gate", *more)
    assert ended.code in (0, 1), ended.err
    found: list[Any] = ended.json["differences"]
    assert (ended.code == 1) == bool(found), ended.err
    return found


def forget(bench: Bench) -> None:
    """Lose the state."""
    bench.sql("delete from main_publish.publish_state")


def counts(bench: Bench) -> tuple[int, ...]:
    """Records of the three objects."""
    return tuple(bench.box.count(name) for name in ("Company", OBJECT, USAGE))


ODD_KEYS = "update {} set instance_id = ' Odd' || instance_id || ' ' where instance_id in ('i3', 'i4')"
TEXTS = [{"text_trimmed": True}, {"text_case_blind": True}, {"text_trimmed": True, "text_case_blind": True}]


@pytest.mark.parametrize("switches", TEXTS, ids=str)
def test_keys_that_the_tenant_trims_or_compares_without_case_are_never_doubled(
    make_bench: Callable[..., Bench], switches: dict[str, Any]
) -> None:
    bench = kept(make_bench, **switches)
    for name in ("gainsight__instances", "gainsight__instance_usage"):
        bench.sql(ODD_KEYS.format(name))
    assert bench.publish().code == 0
    assert counts(bench) == (10, 30, 60)
    assert differences(bench, "--repair") == []
    if "text_case_blind" in switches:
        for row in bench.box.rows(OBJECT):
            bench.box.update(OBJECT, row["Gsid"], {"Instance_Id__gc": row["Instance_Id__gc"].upper()})
    forget(bench)
    ended = bench.publish()
    assert (ended.code, ended.result["rows_accepted"]) == (0, 100), ended.err
    assert counts(bench) == (10, 30, 60)
    assert differences(bench) == []


ZONES = ["Asia/Tokyo", "America/New_York", "Asia/Kolkata", "Pacific/Pago_Pago", "Australia/Sydney", "UTC"]


FORMS = [(zone, form) for zone in ZONES for form in ("iso", "epoch", "space")]
EAST_AND_WEST = [(ZONES[0], "iso"), (ZONES[1], "iso"), (ZONES[2], "epoch"), (ZONES[3], "space"), (ZONES[4], "epoch")]


@pytest.mark.parametrize(("zone", "form"), sampled(FORMS, EAST_AND_WEST))
def test_dates_at_the_tenants_midnight_are_the_same_days_in_any_zone(
    make_bench: Callable[..., Bench], zone: str, form: str
) -> None:
    bench = kept(make_bench, dates="midnight", time_zone=zone, date_reply=form)
    assert bench.publish().code == 0
    assert differences(bench) == []
    forget(bench)
    ended = bench.publish()
    assert (ended.code, counts(bench)) == (0, (10, 30, 60)), ended.err


def test_a_zone_beyond_twelve_hours_needs_its_setting_and_then_doubles_nothing(
    make_bench: Callable[..., Bench],
) -> None:
    bench = kept(make_bench, dates="midnight", time_zone="Pacific/Kiritimati")
    bench.env["GAINSIGHT_TIME_ZONE"] = "Pacific/Kiritimati"
    assert bench.publish().code == 0
    forget(bench)
    assert (bench.publish().code, counts(bench)) == (0, (10, 30, 60))
    assert differences(bench) == []


@pytest.mark.parametrize(("places", "setting"), [("metadata", ""), (9, ""), (3, "3")])
def test_numbers_that_are_kept_with_fewer_decimals_are_no_drift(
    make_bench: Callable[..., Bench], places: Any, setting: str
) -> None:
    usage = [{"name": "Utilization__gc", "type": "NUMBER", "decimalPlaces": 2}] if places == "metadata" else []
    bench = kept(make_bench, {USAGE: usage}, number_places=places)
    bench.env["GAINSIGHT_DECIMAL_PLACES"] = setting
    assert bench.publish().code == 0
    assert differences(bench) == []
    row = bench.box.rows(USAGE)[40]
    bench.box.update(USAGE, row["Gsid"], {"Utilization__gc": row["Utilization__gc"] + 0.5})
    assert [each["field"] for each in differences(bench)] == ["Utilization__gc"]


def test_where_more_decimals_are_kept_than_the_metadata_say_they_are_compared(
    make_bench: Callable[..., Bench],
) -> None:
    bench = kept(make_bench, {USAGE: [{"name": "Utilization__gc", "type": "NUMBER", "decimalPlaces": 1}]})
    assert bench.publish().code == 0
    row = bench.box.rows(USAGE)[40]
    bench.box.update(USAGE, row["Gsid"], {"Utilization__gc": row["Utilization__gc"] + 0.003})
    assert [each["field"] for each in differences(bench)] == ["Utilization__gc"]


@pytest.mark.parametrize("way", ["semicolon", "comma", "sorted", "list"])
def test_a_multi_select_may_come_joined_and_ordered_otherwise(make_bench: Callable[..., Bench], way: str) -> None:
    multiple = {"name": "Version__gc", "type": "MULTISELECTDROPDOWNLIST", "options": ["17.1", "Beta", "LTS"]}
    bench = kept(make_bench, {OBJECT: [multiple]}, multi_select=way)
    bench.sql("update gainsight__instances set version = 'LTS;17.1' where licensed_seats < 9")
    assert bench.publish().code == 0, "all are taken"
    assert differences(bench) == []
    bench.box.update(OBJECT, bench.box.rows(OBJECT)[0]["Gsid"], {"Version__gc": "Beta"})
    assert [each["field"] for each in differences(bench)] == ["Version__gc"]


# By hand

FIELD = Field("F__gc", "NUMBER", None, True, True, True, {}, (), "", places=2)
ITEMS = Field("M__gc", "MULTISELECTDROPDOWNLIST", None, True, True, True, {"1": "a", "2": "b"}, (), "")
TIME = Field("T__gc", "DATETIME", None, True, True, True, {}, (), "")
DAY = Field("D__gc", "DATE", None, True, True, True, {}, (), "")


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "field", "same"),
    [
        (0.125, 0.12, "double", FIELD, True),
        (0.125, 0.13, "double", FIELD, True),
        (0.129, 0.12, "double", FIELD, True),
        (0.125, 0.14, "double", FIELD, False),
        (0.125, 0.1251, "double", FIELD, False),
        (-0.125, -0.13, "double", FIELD, True),
        (5, 6, "integer", FIELD, False),
        (0, None, "integer", FIELD, False),
        (None, "", "text", None, True),
        ("a ", "a", "text", None, True),
        ("a", "A", "text", None, False),
        ("b;a", "1;2", "text", ITEMS, True),
        ("b;a", ["1", "2"], "text", ITEMS, True),
        ("b;a", "a, b", "text", ITEMS, True),
        ("b;a", "b", "text", ITEMS, False),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05Z", "timestamp", TIME, True),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.677Z", "timestamp", TIME, False),
        ("2026-01-02T03:04:05.678Z", 1767323045678, "timestamp", TIME, True),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T05:04:05.678+0200", "timestamp", TIME, True),
        ("2026-01-02", "2026-01-02T00:00:00.000Z", "date", TIME, True),
        ("2026-01-02", "2026-01-01T15:00:00.000Z", "date", DAY, True),
        ("2026-01-02", "2026-01-02T08:00:00.000Z", "date", DAY, True),
        ("2026-01-02", "2026-01-02 00:00:00.0", "date", DAY, True),
        ("2026-01-02", "not a date", "date", DAY, False),
        (True, False, "boolean", None, False),
    ],
)
def test_one_of_ours_and_one_of_theirs(ours: Any, theirs: Any, kind: str, field: Field, same: bool) -> None:
    assert Comparing().same(ours, theirs, kind, field) is same


def test_with_the_tenants_zone_its_midnight_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAINSIGHT_TIME_ZONE", "Pacific/Auckland")
    compares = Comparing()
    assert compares.form("2026-01-01T11:00:00.000Z", "date", DAY) == "2026-01-02", "13 hours ahead"
    assert compares.form(date(2026, 1, 2), "date", DAY) == "2026-01-02"
    assert compares.form(datetime(2026, 1, 2), "date", DAY) == "2026-01-02", "midnight in UTC is a day, too"
    assert Comparing().form(1767265200000, "date", DAY) == "2026-01-02"
    monkeypatch.delenv("GAINSIGHT_TIME_ZONE")
    assert Comparing().form("2026-01-01T11:00:00.000Z", "date", DAY) == "2026-01-01", "which is why there is a setting"


@pytest.mark.parametrize(
    ("name", "value"),
    [("GAINSIGHT_TIME_ZONE", "Mars"), ("GAINSIGHT_DECIMAL_PLACES", "-1"), ("GAINSIGHT_KEYS_IGNORE", "accents")],
)
def test_a_setting_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(MisuseError, match=name):
        Comparing()


def test_a_repair_that_changed_nothing_says_so_and_exits_1(make_bench: Callable[..., Bench]) -> None:
    bench = kept(make_bench, null_write="ignored")
    assert bench.publish().code == 0
    bench.sql("update gainsight__instances set hostname = null where instance_id = 'i3'")
    assert bench.publish().code == 0, "the tenant accepts the null, and ignores it"
    ended = bench.run("reconcile", "--repair", "--no-gate", "--output", "json")
    assert ended.code == 1, ended.err
    assert [(each["row_key"], each["field"]) for each in ended.json["unmended"]] == [('["i3"]', "Hostname__gc")]
    said = bench.run("reconcile", "--repair", "--no-gate")
    assert said.code == 1
    assert "The repair changed nothing of 1 differences (Instance_Data__gc.Hostname__gc)" in said.out
    bench.box.switches = Switches()
    mended = bench.run("reconcile", "--repair", "--no-gate", "--output", "json")
    assert (mended.code, mended.json["unmended"]) == (0, []), mended.err


INSTANCES = ("--select", "gainsight__instances", "--no-gate")
TOGETHER = ("Instance_Id__gc", "KEYS_FALL_TOGETHER")


def add(bench: Bench, *keys: str) -> None:
    """Instances with these keys."""
    for key in keys:
        bench.sql("insert into gainsight__instances (instance_id, version) values (?, '1')", [key])


@pytest.mark.parametrize("ignored", ["case", "space", "case,space"])
def test_two_rows_that_fall_together_at_the_tenant_are_both_rejected_before_a_call(bench: Bench, ignored: str) -> None:
    bench.env["GAINSIGHT_KEYS_IGNORE"] = ignored
    assert bench.publish(*INSTANCES).code == 0
    new, twin = {"case": ("Ab", "aB"), "space": ("ab", " ab"), "case,space": ("ab ", "AB")}[ignored]
    standing = "I3" if "case" in ignored else "i3 "
    add(bench, new, twin, standing, "lonely")
    ended = bench.publish(*INSTANCES)
    assert (ended.code, ended.result["rows_accepted"], ended.result["rows_rejected"]) == (1, 1, 4), ended.err
    rejected = {key for (_, key), why in bench.rejections().items() if why == TOGETHER}
    assert {f'["{each}"]' for each in (new, twin, standing)} <= rejected
    assert bench.box.count(OBJECT) == 31, "what stands stays, and only the lonely one came"
    bench.box.clear_calls()
    again = bench.publish(*INSTANCES)
    assert (again.code, again.result["rows_rejected"]) == (1, 4)
    assert not [call for call in bench.box.calls if call.object == OBJECT], "nothing is asked or sent again"


def test_without_the_setting_what_the_tenant_finds_for_a_key_is_never_written_by_two_rows(
    make_bench: Callable[..., Bench],
) -> None:
    bench = kept(make_bench, text_case_blind=True)
    assert bench.publish(*INSTANCES).code == 0
    bench.box.insert(OBJECT, [{"Instance_Id__gc": "Odd"}])
    add(bench, "I3", "odd", "ODD", "fine")
    ended = bench.publish(*INSTANCES)
    assert (ended.code, ended.result["rows_rejected"]) == (1, 3), ended.err
    assert bench.rejections() == {(OBJECT, f'["{each}"]'): TOGETHER for each in ("I3", "odd", "ODD")}
    assert bench.box.count(OBJECT) == 32


TWINS = ("Ab", "aB", "AB", "x", " x", "lonely")


@pytest.mark.parametrize("rows", [0, 60])
@pytest.mark.parametrize("switches", [{}, *TEXTS], ids=str)
def test_new_rows_that_may_fall_together_are_two_records_or_one_and_a_rejection_as_the_tenant_has_it(
    make_bench: Callable[..., Bench], switches: dict[str, Any], rows: int
) -> None:
    """No setting says what the tenant ignores. One of each kind is created first, then the others are looked for."""
    bench = kept(make_bench, **switches)
    bench.sql(f"delete from gainsight__instances where licensed_seats >= {rows}")
    before = len(bench.mart("gainsight__instances"))
    add(bench, *TWINS)
    case, space = "text_case_blind" in switches, "text_trimmed" in switches
    lost = 2 * case + 1 * space
    ended = bench.publish(*INSTANCES)
    assert (ended.code, ended.result["rows_rejected"]) == (int(lost > 0), lost), ended.err
    assert set(bench.rejections().values()) == ({TOGETHER} if lost else set())
    assert bench.box.count(OBJECT) == before + len(TWINS) - lost, "no key is there twice, and none is lost unsaid"
    ids = [each for each, _ in bench.state().values()]
    assert len(ids) == len(set(ids)) == bench.box.count(OBJECT)
    calls = len(bench.box.calls)
    again = bench.publish(*INSTANCES)
    assert (again.code, again.result["rows_rejected"]) == (int(lost > 0), lost)
    assert len(bench.box.calls) - calls <= 1, "look-ups alone"


def test_a_key_that_changed_its_case_takes_its_record_over(make_bench: Callable[..., Bench]) -> None:
    bench = kept(make_bench, text_case_blind=True)
    assert bench.publish(*INSTANCES).code == 0
    bench.sql("update gainsight__instances set instance_id = 'I3' where instance_id = 'i3'")
    assert bench.publish(*INSTANCES).code == 0
    assert (bench.box.count(OBJECT), bench.rejections()) == (30, {})
    assert "I3" in {row["Instance_Id__gc"] for row in bench.box.rows(OBJECT)}
