"""What the pages of accounts show, as SQL over the marts. One function, one answer, for all pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.app.data import Mart, Rows

SHOWN_PERIODS = 18
DIMENSIONS = {"segment": "Segment", "region": "Region", "csm_email": "CSM", "product_tier": "Plan"}
"""What a portfolio is cut by: column of mart_account_periods, and its label."""


@dataclass(frozen=True)
class Slice:
    """Accounts with one of these values in each dimension; of an empty one, all. None is an account without a value."""

    segment: tuple[str | None, ...] = ()
    region: tuple[str | None, ...] = ()
    csm_email: tuple[str | None, ...] = ()
    product_tier: tuple[str | None, ...] = ()

    def condition(self, alias: str) -> tuple[str, list[Any]]:
        """SQL that is true of its accounts, and the values for it."""
        parts, values = ["1 = 1"], []
        for column in DIMENSIONS:
            wanted = getattr(self, column)
            named = [value for value in wanted if value is not None]
            any_of = [f"{alias}.{column} in ({', '.join('?' * len(named))})"] if named else []
            any_of += [f"{alias}.{column} is null"] if None in wanted else []
            if any_of:
                parts.append(f"({' or '.join(any_of)})")
                values += named
        return " and ".join(parts), values


EVERYBODY = Slice()


def accounts(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """Each account as it stands, with how many signals it has."""
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select periods.*, coalesce(signals.signals, 0) as signals, coalesce(signals.new_signals, 0) as new_signals
        from {{marts}}.mart_account_periods as periods
        left join (
            select
                account_id,
                count(*) as signals,
                sum(case when state = 'new' then 1 else 0 end) as new_signals
            from {{marts}}.mart_account_changes
            where is_current and change_kind = 'signal'
            group by account_id
        ) as signals
            on periods.account_id = signals.account_id
        where periods.is_current and {where}
        order by lower(periods.account_name), periods.account_id
        """,
        *values,
    )


def choices(mart: Mart, column: str) -> list[str | None]:
    """The values of a dimension, None last where an account has none."""
    assert column in DIMENSIONS
    rows = mart.rows(f"select distinct {column} as value from {{marts}}.mart_account_periods where is_current")
    named = sorted((row["value"] for row in rows if row["value"] is not None), key=str.lower)
    return [*named, *([None] if len(named) < len(rows) else [])]


def names(mart: Mart) -> Rows:
    """Each account's id and name, by name."""
    return mart.rows(
        "select account_id, account_name from {marts}.mart_account_periods where is_current"
        " order by lower(account_name), account_id"
    )


def changes(mart: Mart, chosen: Slice = EVERYBODY, account_id: str | None = None) -> Rows:
    """What a person is shown today of what changed, with who it is about and what its subject is called."""
    where, values = chosen.condition("periods")
    if account_id is not None:
        where, values = f"{where} and periods.account_id = ?", [*values, account_id]
    return mart.rows(
        f"""
        select
            changes.account_id, periods.account_name, periods.csm_email, changes.change_kind, changes.change_name,
            changes.subject, changes.severity, changes.direction, changes.state, changes.since_period_start,
            changes.message, periods.arr, periods.next_renewal_on, periods.overall_score, periods.overall_color,
            periods.unscored_reason, subscriptions.product_tier as subject_plan,
            subscriptions.end_date as subject_ends_on,
            coalesce(groups.label, use_cases.label, objectives.objective_name) as subject_label
        from {{marts}}.mart_account_changes as changes
        inner join {{marts}}.mart_account_periods as periods
            on changes.account_id = periods.account_id and periods.is_current
        left join {{marts}}.dim_subscriptions as subscriptions
            on changes.subject = subscriptions.subscription_id and changes.account_id = subscriptions.account_id
        left join {{seeds}}.score_groups as groups
            on changes.subject = groups.score_group
        left join {{seeds}}.use_cases as use_cases
            on changes.subject = use_cases.use_case
        left join (
            select objective_id, max(objective_name) as objective_name
            from {{marts}}.fct_objective_progress group by objective_id
        ) as objectives
            on changes.change_kind = 'objective' and changes.subject = objectives.objective_id
        where changes.is_current and {where}
        order by
            case changes.state when 'new' then 1 else 2 end,
            case changes.severity when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
            periods.next_renewal_on nulls last, lower(periods.account_name), periods.account_id,
            changes.change_kind, changes.change_name, changes.subject
        """,
        *values,
    )


def periods(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """The last periods of a slice, oldest first: accounts by color, mean score, seats, revenue."""
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select
            periods.period_start,
            max(case when periods.is_complete_period then 1 else 0 end) as is_complete,
            count(*) as accounts,
            count(periods.overall_score) as scored,
            sum(case when periods.overall_color = 'green' then 1 else 0 end) as green,
            sum(case when periods.overall_color = 'yellow' then 1 else 0 end) as yellow,
            sum(case when periods.overall_color = 'red' then 1 else 0 end) as red,
            sum(case when periods.overall_color is null then 1 else 0 end) as unscored,
            avg(periods.overall_score) as mean_score,
            count(periods.activated_seats) as accounts_with_seats,
            sum(periods.licensed_seats) as licensed_seats,
            sum(periods.activated_seats) as activated_seats,
            count(periods.active_users) as accounts_with_active,
            sum(periods.active_users) as active_users
        from {{marts}}.mart_account_periods as periods
        inner join ({last_periods()}) as shown
            on periods.period_start = shown.period_start
        where {where}
        group by periods.period_start
        order by periods.period_start
        """,
        *values,
    )


def adoption(mart: Mart, chosen: Slice = EVERYBODY) -> Rows:
    """The last periods of a slice: of the accounts where anything was measured, how many adopted each use case."""
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select
            periods.period_start, use_cases.use_case, use_cases.label, use_cases.step,
            count(periods.adoption_level) as measured,
            sum(case when {_holds("periods.adopted_use_cases")} then 1 else 0 end) as adopted,
            sum(case when {_holds("periods.in_progress_use_cases")} then 1 else 0 end) as in_progress
        from {{marts}}.mart_account_periods as periods
        inner join ({last_periods()}) as shown
            on periods.period_start = shown.period_start
        cross join {{seeds}}.use_cases as use_cases
        where {where}
        group by periods.period_start, use_cases.use_case, use_cases.label, use_cases.step
        order by use_cases.step, periods.period_start
        """,
        *values,
    )


def _holds(listed: str) -> str:
    """SQL: whether a list by commas holds the use case."""
    return f"',' || {listed} || ',' like '%,' || use_cases.use_case || ',%'"


def last_periods() -> str:
    """SQL: the periods that are shown, from the first one with a score on."""
    return (
        "select period_start from {marts}.mart_account_periods"
        " where period_start >= (select coalesce("
        "min(case when scored.overall_score is not null then scored.period_start end), min(scored.period_start))"
        " from {marts}.mart_account_periods as scored)"
        f" group by period_start order by period_start desc limit {SHOWN_PERIODS}"
    )


def breakdown(mart: Mart, dimension: str, chosen: Slice = EVERYBODY) -> Rows:
    """Accounts as they stand, by one dimension."""
    assert dimension in DIMENSIONS
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select
            periods.{dimension} as value,
            count(*) as accounts,
            sum(case when periods.overall_color = 'green' then 1 else 0 end) as green,
            sum(case when periods.overall_color = 'yellow' then 1 else 0 end) as yellow,
            sum(case when periods.overall_color = 'red' then 1 else 0 end) as red,
            sum(case when periods.overall_color is null then 1 else 0 end) as unscored,
            avg(periods.overall_score) as mean_score,
            sum(periods.arr) as arr,
            sum(case when periods.overall_color = 'red' then periods.arr end) as red_arr,
            sum(case when periods.overall_color is null then periods.arr end) as unscored_arr
        from {{marts}}.mart_account_periods as periods
        where periods.is_current and {where}
        group by periods.{dimension}
        order by accounts desc, value nulls last
        """,
        *values,
    )


def over_time_by(mart: Mart, dimension: str, chosen: Slice = EVERYBODY) -> Rows:
    """The last periods, oldest first, by one dimension: accounts, mean score, use cases adopted."""
    assert dimension in DIMENSIONS
    where, values = chosen.condition("periods")
    return mart.rows(
        f"""
        select
            periods.period_start, periods.{dimension} as value, count(*) as accounts,
            count(periods.overall_score) as scored, avg(periods.overall_score) as mean_score,
            count(periods.adoption_level) as measured,
            avg(case when periods.adoption_level is not null then periods.adopted_count end) as mean_adopted
        from {{marts}}.mart_account_periods as periods
        inner join ({last_periods()}) as shown
            on periods.period_start = shown.period_start
        where {where}
        group by periods.period_start, periods.{dimension}
        order by periods.period_start, value nulls last
        """,
        *values,
    )


def renewals(mart: Mart, chosen: Slice = EVERYBODY, account_id: str | None = None) -> Rows:
    """Subscriptions in force, the first to end first: what they are used, and will be at the term's end."""
    where, values = chosen.condition("periods")
    if account_id is not None:
        where, values = f"{where} and periods.account_id = ?", [*values, account_id]
    return mart.rows(
        f"""
        select
            periods.account_id, periods.account_name, periods.csm_email, periods.overall_score, periods.overall_color,
            periods.unscored_reason, subscriptions.subscription_id, subscriptions.product_tier, subscriptions.is_trial,
            subscriptions.end_date, subscriptions.arr, coalesce(standing.licensed_seats, subscriptions.seats) as seats,
            standing.activated_seats, standing.umau as active_users, standing.seats_over_license,
            standing.missing_reason, usage.projected_activated_seats, usage.projected_seats_over_license,
            usage.projection_missing_reason
        from {{marts}}.dim_subscriptions as subscriptions
        inner join {{marts}}.mart_account_periods as periods
            on subscriptions.account_id = periods.account_id and periods.is_current
        left join {{marts}}.mart_subscription_standing as standing
            on subscriptions.original_subscription_id = standing.original_subscription_id
        left join {{marts}}.fct_seat_utilization as usage
            on standing.original_subscription_id = usage.original_subscription_id
            and standing.standing_period_start = usage.period_start
        where subscriptions.is_active and {where}
        order by subscriptions.end_date nulls last, subscriptions.subscription_id
        """,
        *values,
    )


def history(mart: Mart, account_id: str) -> Rows:
    """All periods of an account, oldest first; the last is where it stands."""
    return mart.rows(
        "select * from {marts}.mart_account_periods where account_id = ? order by period_start", account_id
    )


def with_ids(mart: Mart, ids: Sequence[str]) -> Rows:
    """Those of the accounts that are there."""
    marks = ", ".join("?" * len(ids))
    return mart.rows(f"select account_id from {{marts}}.dim_accounts where account_id in ({marks})", *ids)
