"""What the page of one account shows, as SQL over the marts."""

from __future__ import annotations

from dashboard.app.data import Mart, Rows


def measures(mart: Mart, account_id: str) -> Rows:
    """The measures on which the account stands, each with the bands that were held against it."""
    return mart.rows(
        """
        select
            scores.subscription_id, scores.score_group, groups.label as group_label, scores.measure,
            texts.label as measure_label, texts.value_format, scores.is_counted, scores.numerator, scores.denominator,
            scores.measure_value, scores.points, scores.color, scores.value_reason, scores.yellow_from,
            scores.yellow_inclusive, scores.green_from, scores.green_inclusive, scores.period_start
        from {marts}.fct_measure_scores as scores
        inner join {marts}.mart_subscription_standing as standing
            on scores.original_subscription_id = standing.original_subscription_id
            and scores.period_start = coalesce(standing.standing_period_start, standing.period_start)
            and standing.is_in_force
        left join {seeds}.measure_texts as texts
            on scores.measure = texts.measure
        left join {seeds}.score_groups as groups
            on scores.score_group = groups.score_group
        left join {seeds}.measure_weights as weights
            on scores.threshold_set = weights.threshold_set and scores.score_group = weights.score_group
        where scores.account_id = ?
        order by scores.subscription_id, weights.driver_order, scores.is_counted desc, scores.measure
        """,
        account_id,
    )


def contributions(mart: Mart, account_id: str) -> Rows:
    """What each group adds to the score of the newest period that has one."""
    return mart.rows(
        """
        select period_start, score_group, label, contribution, contribution_change
        from {marts}.fct_score_contributions
        where account_id = ? and period_start = (
            select max(period_start) from {marts}.fct_score_contributions
            where account_id = ? and contribution is not null and is_complete_period
        )
        order by contribution desc nulls last, score_group
        """,
        account_id,
        account_id,
    )


def objectives(mart: Mart, account_id: str) -> Rows:
    """The account's own objectives, each in its newest period."""
    return mart.rows(
        """
        select objectives.*, metrics.label as metric_label
        from {marts}.fct_objective_progress as objectives
        left join {marts}.dim_metrics as metrics
            on objectives.metric_name = metrics.metric_name
        where objectives.account_id = ? and objectives.period_start = (
            select max(newest.period_start) from {marts}.fct_objective_progress as newest
            where newest.objective_id = objectives.objective_id
        )
        order by objectives.due_on nulls last, objectives.objective_id
        """,
        account_id,
    )


def family(mart: Mart, account_id: str) -> Rows:
    """Parent, sister and child accounts as they stand."""
    return mart.rows(
        """
        select
            case
                when others.account_id = own.parent_account_id then 'parent'
                when others.parent_account_id = own.account_id then 'child'
                else 'sister'
            end as relation,
            others.*
        from {marts}.mart_account_periods as own
        inner join {marts}.mart_account_periods as others
            on others.account_id != own.account_id
            and (
                others.account_id = own.parent_account_id
                or others.parent_account_id = own.account_id
                or others.parent_account_id = own.parent_account_id
            )
        where own.account_id = ? and own.is_current and others.is_current
        order by relation, lower(others.account_name), others.account_id
        """,
        account_id,
    )


def metric_choices(mart: Mart) -> Rows:
    """The metrics, by label."""
    return mart.rows("select metric_name, label, unit from {marts}.dim_metrics order by lower(label), metric_name")


def metric_history(mart: Mart, account_id: str, metric_name: str) -> Rows:
    """One metric of each of the account's instances over time, with the reason where there is no value."""
    return mart.rows(
        """
        select
            instances.hostname, instances.instance_type, facts.instance_id, facts.period_start, facts.metric_value,
            facts.value_status, facts.value_reason
        from {marts}.fct_metric_values as facts
        inner join {marts}.dim_instances as instances
            on facts.instance_id = instances.instance_id
        where instances.account_id = ? and facts.metric_name = ?
        order by instances.hostname, facts.instance_id, facts.period_start
        """,
        account_id,
        metric_name,
    )


def published(mart: Mart, account_id: str) -> Rows:
    """What stands at each destination of the account and its instances, and when it was accepted."""
    return mart.rows(
        f"""
        select destination, object, count(*) as records, min(accepted_at) as first_at, max(accepted_at) as last_at
        from {{publish}}.publish_state
        where {_of_account()}
        group by destination, object
        order by destination, object
        """,
        *[account_id] * 3,
        live=True,
    )


def rejected(mart: Mart, account_id: str) -> Rows:
    """What destinations refused of the account and its instances, newest first."""
    return mart.rows(
        f"""
        select rejected_at, destination, object, row_key, field, code, message
        from {{publish}}.publish_rejections
        where {_of_account()}
        order by rejected_at desc, destination, object, row_key
        """,
        *[account_id] * 3,
        live=True,
    )


def _of_account() -> str:
    """SQL: whether the first part of a row's key, JSON of its parts, is of the account; takes its id three times.

    The key of Product_Usage__c is a text of its own that begins with the account and a slash.
    """
    return """split_part(split_part(row_key, '"', 2), '/', 1) in (
            select account_id from {marts}.dim_accounts where account_id = ?
            union all select instance_id from {marts}.dim_instances where account_id = ?
            union all select original_subscription_id from {marts}.dim_subscriptions where account_id = ?
        )"""
