"""A period that has just begun: what stands now rests on no half of a month (issue "Trust", section 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import BUILD, Bench, Mart
from early_june import EarlyJune, build_days, flips
from raw_folder import RawFolder, instance_id

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
MAY_31 = "2026-05-31"
READ = (
    *("mart_account_standing", "fct_account_health", "fct_account_metric_values", "fct_objective_progress"),
    *("fct_health_signals", "fct_reporting_coverage", "fct_seat_utilization", "dim_instances"),
    *("gainsight__company_health", "gainsight__instances"),
)
"""What these tests look at, and is built."""
# 90 % of 1,000 seats activated and 89 % of them active are 88 points twice, 10 % and 10 % are 25 twice.
GREEN = {"activated": 900, "active": 801}
RED = {"activated": 100, "active": 10}


class Case(RawFolder):
    """A raw folder of accounts that are called after what happens to them."""

    def report(self, host: str, day: str, subscription: str | None, uuid: str | None = None, **counts: Any) -> None:
        """A ping of a host; its uuid is called after it unless another one is given."""
        licence = {"license_subscription_id": subscription, "license_plan": "premium"} if subscription else {}
        self.ping(uuid or f"uuid-{host}", f"{host}.example", f"{day}T06:00:00Z", licence, **counts)

    def server(self, host: str) -> None:
        """A host that a person labelled Production."""
        self.label(f"uuid-{host}", f"{host}.example")


def two_subscriptions(raw: Case) -> None:
    """99 % of the ARR is green and has not pinged in June, 1 % is red and has."""
    raw.account("two")
    raw.subscription("two-large", "two", "2025-01-01", seats=1000, arr=99000)
    raw.subscription("two-small", "two", "2025-01-01", seats=1000, arr=1000)
    for host in ("large", "small"):
        raw.server(host)
        raw.report(host, "2026-04-28", f"two-{host}", **(GREEN if host == "large" else RED))
        raw.report(host, "2026-05-27", f"two-{host}", **(GREEN if host == "large" else RED))
    raw.report("small", "2026-06-02", "two-small", **RED)
    raw.add("objectives", objective_id="O-two", account_id="two", metric_name="activated_seats", target_value=1250,
            starts_on="2026-04-01", due_on="2027-03-31")  # fmt: skip


def a_small_one_first(raw: Case) -> None:
    """The labelled server pinged in May, a small host without a label was the first in June."""
    raw.account("first")
    raw.subscription("first", "first", "2025-01-01", seats=1000)
    raw.server("server")
    raw.report("server", "2026-05-27", "first", **GREEN)
    raw.report("tiny", "2026-05-27", "first", activated=3, active=1)
    raw.report("tiny", "2026-06-01", "first", activated=3, active=1)


def a_new_subscription(raw: Case) -> None:
    """A second subscription, with all the revenue, was bought on 25 May; the first has no price."""
    raw.account("bought")
    raw.subscription("bought-old", "bought", "2025-01-01", seats=1000, arr="")
    raw.subscription("bought-new", "bought", "2026-05-25", seats=500, arr=50000)
    raw.server("old")
    raw.report("old", "2026-05-27", "bought-old", **GREEN)


def a_renamed_host(raw: Case) -> None:
    """The labelled server reports under another name since 27 March, which nobody has labelled."""
    raw.account("renamed")
    raw.subscription("renamed", "renamed", "2025-01-01", seats=1000)
    raw.server("before")
    raw.report("before", "2026-03-20", "renamed", **GREEN)
    for day in ("2026-03-27", "2026-04-28", "2026-05-27"):
        raw.report("after", day, "renamed", uuid="uuid-before", **GREEN)


def a_ping_without_a_licence(raw: Case) -> None:
    """Three pings of May name the subscription, the fourth names none."""
    raw.account("licence")
    raw.subscription("licence", "licence", "2025-01-01", seats=1000)
    raw.server("licence")
    for day in ("2026-05-05", "2026-05-12", "2026-05-19"):
        raw.report("licence", day, "licence", **GREEN)
    raw.report("licence", "2026-05-26", None, **GREEN)


def nobody_owns_it(raw: Case) -> None:
    """A labelled server beside its copy, and a server beside a Geo secondary, in accounts without an owner."""
    raw.account("copied", csm_email="")
    raw.subscription("copied", "copied", "2025-01-01", seats=1000)
    raw.server("real")
    raw.report("real", "2026-05-27", "copied", activated=500, active=300)
    raw.report("copy", "2026-05-28", "copied", uuid="uuid-real", activated=900, active=800)
    raw.account("geo", csm_email="")
    raw.subscription("geo", "geo", "2025-01-01", seats=1000)
    raw.report("main", "2026-05-27", "geo", activated=900, active=700)
    raw.report("secondary", "2026-05-28", "geo", activated=1000, active=0)


def servers_in_turn(raw: Case) -> None:
    """Two labelled servers each, from January to April: the second one leads in February, or in February and March."""
    for account, second in {"turn": (400, 600, 450, 450), "overtaken": (400, 600, 600, 450)}.items():
        raw.account(account)
        raw.subscription(account, account, "2025-01-01", seats=1000)
        for host, numbers in {"one": (500, 500, 500, 500), "other": second}.items():
            raw.server(f"{account}-{host}")
            for month, active in zip((1, 2, 3, 4), numbers, strict=True):
                raw.report(f"{account}-{host}", f"2026-{month:02}-20", account, activated=900, active=active)


def another_server_takes_over(raw: Case) -> None:
    """From February on more people are active on the second server, which has a third of the seats activated."""
    raw.account("moved")
    raw.subscription("moved", "moved", "2025-01-01", seats=1000)
    for host, activated, active in (("moved-old", 900, (100, 100, 100)), ("moved-new", 300, (50, 200, 200))):
        raw.server(host)
        for month, people in zip((1, 2, 3), active, strict=True):
            raw.report(host, f"2026-{month:02}-20", "moved", activated=activated, active=people)


def silent_for_long(raw: Case) -> None:
    """The last ping was 61 days ago; and a subscription that has ended."""
    raw.account("silent")
    raw.subscription("silent", "silent", "2025-01-01", seats=1000)
    raw.server("silent")
    raw.report("silent", "2026-04-02", "silent", **GREEN)
    raw.account("ended")
    raw.subscription("ended", "ended", "2025-01-01", seats=1000, end_date="2026-05-31")
    raw.server("ended")
    raw.report("ended", "2026-05-27", "ended", **GREEN)


@pytest.fixture(scope="module")
def on_2_june(home: Callable[[str], Path], models: Path) -> Mart:
    """The cases above on 2 June 2026."""
    folder = home("open")
    raw = Case()
    for case in (
        two_subscriptions,
        a_small_one_first,
        a_new_subscription,
        a_renamed_host,
        a_ping_without_a_licence,
        nobody_owns_it,
        servers_in_turn,
        another_server_takes_over,
        silent_for_long,
    ):
        case(raw)
    bench = Bench(folder, raw.write(folder / "raw"), models, as_of="2026-06-02")
    bench.build(*BUILD, "--select", *(f"+{name}" for name in READ))
    return bench.mart


def standing(mart: Mart, account_id: str, *columns: str) -> tuple[Any, ...]:
    """Columns of an account's standing."""
    row = mart.one("mart_account_standing", account_id=account_id)
    return tuple(row[column] for column in columns)


SCORE = ("overall_score", "overall_color", "unscored_reason")


def test_who_pinged_first_does_not_speak_for_the_account(on_2_june: Mart) -> None:
    """99 x 88 + 1 x 25 in 100 are 87.37; the month that is two days old has the 1 % alone, 25 red."""
    assert standing(on_2_june, "two", *SCORE) == (87.37, "green", None)
    assert standing(on_2_june, "two", "arr_reporting_share", "subscriptions_scored") == (1, 2)
    june = on_2_june.one("fct_account_health", account_id="two", period_start=JUNE)
    assert (june["overall_color"], june["is_complete_period"], june["score_change"]) == ("red", False, None)
    assert (june["score_change_reason"], june["main_driver"]) == ("open_period", None)
    published = on_2_june.one("gainsight__company_health", account_id="two")
    assert (published["overall_score"], published["overall_color"]) == (87.37, "green")
    assert (published["score_change_period"], published["score_change"]) == (MAY, 0)


def test_an_objective_is_judged_by_where_the_account_stands(on_2_june: Mart) -> None:
    """900 and 100 seats are 0.8 of 1,250 in May, with 60 of 364 days gone, and on 2 June, when only the 100 have been reported."""
    for period, complete in ((MAY, True), (JUNE, False)):
        row = on_2_june.one("fct_objective_progress", objective_id="O-two", period_start=period)
        assert (row["current_value"], row["progress"], row["status"]) == (1000, 0.8, "on_track")
        assert row["is_complete_period"] is complete
    values = on_2_june.one(
        "fct_account_metric_values", account_id="two", metric_name="activated_seats", period_start=JUNE
    )
    assert (values["metric_value"], values["is_complete_period"]) == (100, False)


def test_a_small_unlabelled_instance_first_takes_no_score_away(on_2_june: Mart) -> None:
    assert standing(on_2_june, "first", *SCORE) == (88, "green", None)
    june = on_2_june.one("fct_account_health", account_id="first", period_start=JUNE)
    assert (june["overall_score"], june["unscored_reason"]) == (None, "no_ping")


def test_a_subscription_in_its_first_days_is_left_out_and_named(on_2_june: Mart) -> None:
    """By revenue the account would have no score for 30 days; by seats the old subscription has it."""
    assert standing(on_2_june, "bought", *SCORE) == (88, "green", None)
    assert standing(on_2_june, "bought", "left_out_subscriptions", "weight_basis") == ("bought-new", "seats")
    assert standing(on_2_june, "bought", "subscriptions_in_force", "licensed_seats", "sold_seats") == (2, 1000, 1500)


def test_a_renamed_host_is_named_as_what_reports_without_a_label(on_2_june: Mart) -> None:
    assert standing(on_2_june, "renamed", *SCORE) == (None, None, "instance_type")
    assert standing(on_2_june, "renamed", "unlabelled_hostname") == ("after.example",)
    may = on_2_june.one("fct_account_health", account_id="renamed", period_start=MAY)
    assert may["unscored_reason"] == "instance_type"
    host = on_2_june.one("dim_instances", hostname="after.example")
    assert host["renamed_from_instance_id"] == instance_id("uuid-before", "before.example")
    assert (host["rename_reason"], host["instance_type"]) == ("same_uuid", "Unknown")
    published = on_2_june.one("gainsight__instances", hostname="after.example")
    assert published["renamed_from_hostname"] == "before.example"


def test_coverage_counts_every_ping_for_the_subscription_that_it_names(on_2_june: Mart) -> None:
    may = on_2_june.one("fct_reporting_coverage", subscription_id="licence", period_start=MAY)
    assert (may["reporting_reason"], may["instance_count"]) == ("reporting", 1)


def test_nobody_has_stopped_on_the_second_of_a_month(on_2_june: Mart) -> None:
    """Who reported in May reports; who was silent in May has stopped."""
    reasons = {
        row["subscription_id"]: row["reporting_reason"]
        for row in on_2_june.find("fct_reporting_coverage", period_start=JUNE)
    }
    assert reasons == {
        **dict.fromkeys(("two-large", "two-small", "first", "bought-old", "renamed", "licence"), "reporting"),
        **dict.fromkeys(("copied", "geo"), "reporting"),
        **dict.fromkeys(("silent", "turn", "overtaken", "moved"), "stopped_reporting"),
        "bought-new": "never_reported",
        "ended": "no_active_subscription",
    }


def test_a_copy_and_a_secondary_never_stand_for_a_customer(on_2_june: Mart) -> None:
    for account, host in {"copied": "real", "geo": "main"}.items():
        seats = on_2_june.one("fct_seat_utilization", account_id=account, period_start=MAY)
        assert seats["primary_instance_id"] == instance_id(f"uuid-{host}", f"{host}.example")
    secondary = on_2_june.one("dim_instances", hostname="secondary.example")
    assert secondary["suggested_instance_type"] == "Geo Secondary Node"
    assert standing(on_2_june, "geo", "active_users") == (700,)


def test_a_primary_stays_unless_another_leads_for_two_complete_periods(on_2_june: Mart) -> None:
    """One lead is not enough to take over in February, nor, afterwards, in April to give it back."""

    def primaries(account: str) -> list[tuple[str, bool]]:
        rows = on_2_june.rows(
            "select instance_id, was_switched from main_intermediate.int_primary_instances "
            f"where original_subscription_id = '{account}' order by period_start"
        )
        return [(row["instance_id"], row["was_switched"]) for row in rows]

    def named(host: str) -> str:
        return instance_id(f"uuid-{host}", f"{host}.example")

    assert primaries("turn") == [(named("turn-one"), False)] * 4
    one, other = named("overtaken-one"), named("overtaken-other")
    assert primaries("overtaken") == [(one, False), (one, False), (other, True), (other, False)]


def test_another_primary_instance_is_a_driver_by_name_and_no_drop(on_2_june: Mart) -> None:
    """(0.30 x 88 + 0.10 x 25) / 0.40 = 72.25 in February, (0.30 x 25 + 0.10 x 63) / 0.40 = 34.50 in March: nobody behaves otherwise."""
    march = on_2_june.one("fct_account_health", account_id="moved", period_start=date(2026, 3, 1))
    assert (march["overall_score"], march["overall_color"], march["score_change"]) == (34.5, "red", -37.75)
    assert "Behaviour:" not in march["explanation"]
    assert "none of it by behaviour" in march["explanation"]
    assert "moved-new.example" in march["explanation"].split("Not behaviour: ")[1]
    raised = {row["signal"] for row in on_2_june.find("fct_health_signals", account_id="moved")}
    assert raised.isdisjoint({"score_drop", "utilization_drop"})
    assert "utilization_low" in raised


def test_who_stopped_pinging_or_paying_is_not_told_as_healthy(on_2_june: Mart) -> None:
    assert standing(on_2_june, "silent", *SCORE) == (None, None, "stale")
    assert standing(on_2_june, "ended", *SCORE) == (None, None, "no_active_subscription")


def test_no_account_of_the_sample_flips_at_the_turn_of_a_month_and_back(early_june: EarlyJune) -> None:
    """All 120 accounts on 31 May, 3 and 10 June: a color lost or found by then is not found or lost again."""
    assert list(early_june.colors) == [MAY_31, "2026-06-03", "2026-06-10"]
    assert all(len(colors) == 120 for colors in early_june.colors.values())
    assert flips(early_june) == {}


@pytest.mark.long
def test_no_account_of_the_whole_sample_flips_on_any_day_until_10_june(
    home: Callable[[str], Path], models: Path
) -> None:
    """The sample of 18 months, on each of eleven days."""
    days = [MAY_31, *(f"2026-06-{day:02}" for day in range(1, 11))]
    assert flips(build_days(home("each_day"), models, 18, days)) == {}


@pytest.mark.parametrize(
    ("path", "flips_back"),
    [
        (["green", "green", None, "green"], True),
        (["green", "red", "red", "green", "green"], True),
        ([None, "green", None], True),
        (["green", "yellow", "red"], False),
        (["green", "green", None, None], False),
    ],
)
def test_a_flip_and_back_is_noticed(path: list[str | None], flips_back: bool) -> None:
    colors = {str(day): {"A": color, "B": "red" if day else None} for day, color in enumerate(path)}
    assert flips(EarlyJune(colors)) == ({"A": path} if flips_back else {})
