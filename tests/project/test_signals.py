"""A period that has just begun raises no signal and clears none but what the day itself contradicts."""

from __future__ import annotations

import csv
from datetime import date

import pytest
from dbt_bench import REPO, Mart, Row
from early_june import EarlyJune

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def cleared_by(what: str) -> set[str]:
    """The signals that only `what` ends: a complete period, or the state of a day."""
    with (REPO / "seeds" / "signal_rules.csv").open(encoding="utf-8", newline="") as file:
        return {row["signal"] for row in csv.DictReader(file) if row["cleared_by"] == what}


@pytest.fixture(scope="module")
def early_mart(early_june: EarlyJune) -> Mart:
    """The mart of the sample on 3 June, when a few have pinged in June already."""
    assert early_june.third is not None
    return early_june.third


def signals(mart: Mart, period: date) -> dict[tuple[str, str], Row]:
    """The signals of a period, by account and name."""
    return {(row["account_id"], row["signal"]): row for row in mart.find("fct_health_signals", period_start=period)}


def test_an_open_period_carries_the_signals_of_the_last_complete_one(early_mart: Mart) -> None:
    """None is new; what rests on a period's figures is as it was, whoever has pinged since."""
    before, now = signals(early_mart, MAY), signals(early_mart, JUNE)
    assert len(before) > 20
    assert now.keys() <= before.keys()
    kept = {key for key in before if key[1] in cleared_by("period")}
    assert kept <= now.keys()
    for key, row in now.items():
        assert row["is_carried"]
        assert not row["is_new"]
        assert row["message"] == before[key]["message"]
        assert row["periods_running"] == before[key]["periods_running"]
        assert row["episode_start"] == before[key]["episode_start"] <= MAY


def test_what_an_open_period_clears_is_contradicted_by_the_day(early_mart: Mart) -> None:
    """A subscription is silent no more only when a ping came; so few are cleared in three days."""
    before, now = signals(early_mart, MAY), signals(early_mart, JUNE)
    cleared = before.keys() - now.keys()
    assert {signal for _, signal in cleared} <= cleared_by("day")
    assert len(cleared) < len(before) / 10
    for account, signal in cleared:
        if signal == "stopped_reporting":
            assert any(row["is_reporting"] for row in early_mart.find("fct_reporting_coverage", account_id=account))


def test_an_episode_has_one_first_row(sample_mart: Mart) -> None:
    """is_new once at its beginning, periods_running by one more each period."""
    rows = sorted(
        sample_mart.find("fct_health_signals"), key=lambda row: (row["account_id"], row["signal"], row["period_start"])
    )
    assert any(row["periods_running"] > 2 for row in rows)
    for earlier, row in zip([{}, *rows], rows, strict=False):
        same = (earlier.get("account_id"), earlier.get("signal")) == (row["account_id"], row["signal"])
        goes_on = same and not row["is_new"]
        assert goes_on == (same and row["episode_start"] == earlier["episode_start"])
        if goes_on:
            assert row["periods_running"] == earlier["periods_running"] + 1
        else:
            assert row["is_new"]
            assert row["episode_start"] <= row["period_start"]


def test_more_seats_are_not_offered_where_few_are_active_or_a_smaller_renewal_is_likely(sample_mart: Mart) -> None:
    """Of the subscription that the signal is about engagement is known and not red; the account has no contraction signal."""
    rows = sample_mart.rows(
        "select signals.*, seats.license_utilization, seats.user_engagement_color from fct_health_signals as signals"
        " inner join fct_seat_utilization as seats"
        " on signals.account_id = seats.account_id and signals.period_start = seats.period_start"
        " and signals.subject = seats.subscription_id where signal = 'expansion_seats' and not is_carried"
    )
    assert rows
    contracting = {
        (row["account_id"], row["period_start"])
        for row in sample_mart.find("fct_health_signals", signal="contraction_risk")
    }
    for row in rows:
        assert row["license_utilization"] >= 0.9
        assert row["user_engagement_color"] in ("yellow", "green")
        assert (row["account_id"], row["period_start"]) not in contracting
