"""What every view of an account reads says the same as the marts it is made of."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from dbt_bench import Mart

SHOWN = (
    "overall_score, overall_color, unscored_reason, score_change, score_change_reason, main_driver, explanation,"
    " adopted_use_cases, adoption_level, licensed_seats, activated_seats, inactive_activated_seats, seats_over_license"
)


def test_the_current_period_of_an_account_is_where_it_stands(sample_mart: Mart) -> None:
    current = f"select account_id, {SHOWN}, active_users from mart_account_periods where is_current order by 1"
    standing = f"select account_id, {SHOWN}, active_users from mart_account_standing order by 1"
    assert sample_mart.rows(current) == sample_mart.rows(standing) != []


def test_the_periods_before_are_as_they_ended(sample_mart: Mart) -> None:
    periods = f"select account_id, period_start, {SHOWN}, active_users from mart_account_periods where not is_current"
    facts = f"""
        select account_id, period_start, {SHOWN}, umau as active_users
        from fct_account_health
        inner join fct_account_adoption using (account_id, period_start)
        inner join fct_account_seats using (account_id, period_start)
        where period_start < (select max(period_start) from fct_account_health)"""
    assert len(sample_mart.rows(periods)) > 100
    assert sample_mart.rows(f"{periods} order by 1, 2") == sample_mart.rows(f"{facts} order by 1, 2")


def test_each_missing_figure_of_a_row_has_its_reason(sample_mart: Mart) -> None:
    bare = sample_mart.rows("""
        select account_id, period_start from mart_account_periods
        where (overall_score is null) != (unscored_reason is not null)
            or (activated_seats is null and seats_missing_reason is null)
            or (active_users is null and active_users_missing_reason is null)
            or (adoption_level is null and adoption_missing_reason is null)
            or (score_change is null and score_change_reason is null)""")
    assert bare == []


def test_signals_of_today_are_all_among_the_changes_and_colors_change_as_the_periods_say(sample_mart: Mart) -> None:
    signals = sample_mart.rows("""
        select account_id, signal from fct_health_signals
        where period_start = (select max(period_start) from fct_account_health)""")
    changes = sample_mart.rows("select account_id, change_kind, change_name from mart_account_changes where is_current")
    told = Counter((row["account_id"], row["change_name"]) for row in changes if row["change_kind"] == "signal")
    assert told == Counter((row["account_id"], row["signal"]) for row in signals) != Counter()
    colors = {
        (row["account_id"], row["period_start"]): row["overall_color"]
        for row in sample_mart.rows(
            "select * from fct_account_health where is_complete_period and overall_color is not null"
        )
    }
    periods = sorted({period for _, period in colors})
    changed = {
        (account, later)
        for earlier, later in pairwise(periods)
        for account in {account for account, _ in colors}
        if {(account, earlier), (account, later)} <= colors.keys()
        and colors[account, earlier] != colors[account, later]
    }
    rows = sample_mart.rows("select account_id, period_start from mart_account_changes where change_kind = 'score'")
    assert {(row["account_id"], row["period_start"]) for row in rows} == changed != set()
