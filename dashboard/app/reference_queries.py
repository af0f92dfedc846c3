"""What the dictionary and the page of quality show, as SQL over marts, seeds and the loader's tables."""

from __future__ import annotations

from dashboard.app.data import Mart, MissingError, Rows


def value_meanings(mart: Mart) -> Rows:
    """What each reason for a missing value means."""
    return mart.rows("select value_status, value_reason, meaning from {seeds}.value_statuses order by precedence")


def group_labels(mart: Mart) -> Rows:
    """Score groups and use cases by their labels, in the order of the score."""
    return mart.rows(
        """
        select groups.score_group as name, groups.label
        from {seeds}.score_groups as groups
        left join (
            select score_group, min(driver_order) as driver_order from {seeds}.measure_weights group by score_group
        ) as weights
            on groups.score_group = weights.score_group
        order by weights.driver_order nulls last, groups.score_group
        """
    )


def metrics(mart: Mart) -> Rows:
    """Every metric, and how many production instances with a ping report it in the newest period."""
    return mart.rows(
        """
        select
            metrics.metric_name, metrics.label, metrics.description, metrics.key_paths, metrics.derived_from,
            metrics.stage, metrics.use_case, metrics.unit, metrics.time_frame, metrics.min_version, metrics.tier,
            metrics.gainsight_field, counts.instances, counts.reporting
        from {marts}.dim_metrics as metrics
        left join (
            select
                metric_name,
                count(*) as instances,
                sum(case when facts.value_status = 'reported' then 1 else 0 end) as reporting
            from {marts}.fct_metric_values as facts
            inner join {marts}.fct_instance_activity as activity
                on facts.instance_id = activity.instance_id and facts.period_start = activity.period_start
            where activity.instance_type = 'Production' and activity.last_ping_at is not null
                and activity.period_start = (select max(period_start) from {marts}.fct_instance_activity)
            group by metric_name
        ) as counts
            on metrics.metric_name = counts.metric_name
        order by lower(metrics.label), metrics.metric_name
        """
    )


def bands(mart: Mart) -> Rows:
    """Measures with what is divided by what, and the bands of each threshold set and age."""
    return mart.rows(
        """
        select
            measures.measure, texts.label, texts.value_format, measures.score_group, groups.label as group_label,
            measures.numerator, measures.denominator, bands.threshold_set, bands.age_from, bands.age_to,
            bands.yellow_from, bands.yellow_inclusive, bands.green_from, bands.green_inclusive
        from {seeds}.measures as measures
        left join {seeds}.measure_texts as texts
            on measures.measure = texts.measure
        left join {seeds}.score_groups as groups
            on measures.score_group = groups.score_group
        left join {seeds}.score_bands as bands
            on measures.measure = bands.measure
        order by measures.score_group, measures.measure, bands.threshold_set, bands.age_from
        """
    )


def weights(mart: Mart) -> Rows:
    """What each score group weighs, by threshold set."""
    return mart.rows(
        """
        select weights.threshold_set, weights.score_group, groups.label, weights.weight
        from {seeds}.measure_weights as weights
        left join {seeds}.score_groups as groups
            on weights.score_group = groups.score_group
        order by weights.threshold_set, weights.driver_order
        """
    )


def signal_rules(mart: Mart) -> Rows:
    """The rules of the signals."""
    return mart.rows("select * from {seeds}.signal_rules order by signal")


def use_cases(mart: Mart) -> Rows:
    """The use cases, in the order of the customer's path."""
    return mart.rows("select * from {seeds}.use_cases order by step, use_case")


def settings(mart: Mart) -> Rows:
    """The numbers that rules refer to."""
    return mart.rows("select setting, setting_value, description from {seeds}.health_settings order by setting")


def checks(mart: Mart) -> Rows:
    """The checks of the newest period."""
    return mart.rows(
        """
        select period_start, check_name, subject, affected, total, share, meaning, drill_down
        from {marts}.mart_data_quality
        where period_start = (select max(period_start) from {marts}.mart_data_quality)
        order by check_name, share, subject
        """
    )


def findings(mart: Mart) -> Rows:
    """Rows and cells of the input that were not used as they stand."""
    return mart.rows(
        """
        select source, finding, effect, row_key, column_name, message
        from {marts}.fct_input_findings order by source, finding, row_key, column_name
        """
    )


def unmapped(mart: Mart) -> Rows:
    """Installations whose pings belong to no account, by reason."""
    return mart.rows(
        """
        select unmapped_reason, hostname, uuid, count(*) as pings, min(received_at) as first_at,
            max(received_at) as last_at
        from {marts}.fct_unmapped_pings
        group by unmapped_reason, hostname, uuid
        order by unmapped_reason, pings desc, hostname, uuid
        """
    )


def quarantined(mart: Mart) -> Rows:
    """Lines and files that are no pings."""
    return mart.rows(
        "select reason, source_file, line_number from {marts}.quarantined_pings"
        " order by reason, source_file, line_number"
    )


def unlabelled(mart: Mart) -> Rows:
    """Instances of customers that nobody has given a type."""
    return mart.rows(
        """
        select accounts.account_name, instances.account_id, accounts.csm_email, instances.hostname,
            instances.suggested_instance_type, instances.last_ping_at, instances.instance_type_source
        from {marts}.dim_instances as instances
        inner join {marts}.dim_accounts as accounts
            on instances.account_id = accounts.account_id
        where instances.instance_type = 'Unknown'
        order by lower(accounts.account_name), instances.account_id, instances.hostname, instances.instance_id
        """
    )


def dbt_runs(mart: Mart) -> Rows:
    """What dbt did, newest first."""
    return _loader_rows(
        mart,
        "select began_at, completed_at, command, as_of, grain, newest_ping_at, invocation_id"
        " from {publish}.dbt_results order by began_at desc",
    )


def publish_runs(mart: Mart) -> Rows:
    """Runs of the loader, newest first."""
    return _loader_rows(
        mart,
        "select started_at, finished_at, destination, outcome, rows_new, rows_changed, rows_accepted, rows_rejected,"
        " rows_later, api_calls, as_of, message from {publish}.publish_runs order by started_at desc",
    )


def rejections(mart: Mart) -> Rows:
    """Rows that a destination refused, newest first."""
    return _loader_rows(
        mart,
        "select rejected_at, destination, object, row_key, field, code, message from {publish}.publish_rejections"
        " order by rejected_at desc, destination, object, row_key",
    )


def waiting(mart: Mart) -> Rows:
    """Rows that a destination did not take yet, through no fault of theirs."""
    return _loader_rows(
        mart,
        "select since, last_at, runs, destination, object, row_key, code, message from {publish}.publish_later"
        " order by since, destination, object, row_key",
    )


def calls(mart: Mart) -> Rows:
    """Calls that the loader counted, by connection, of the newest day on which there were any."""
    return _loader_rows(
        mart,
        "select destination, connection, day, sum(calls) as calls, max(last_call_at) as last_call_at"
        " from {publish}.publish_calls group by destination, connection, day"
        " order by destination, connection, day desc",
    )


def _loader_rows(mart: Mart, sql: str) -> Rows:
    """Rows of a table that is there once the loader has run, or dbt."""
    try:
        return mart.rows(sql, live=True)
    except MissingError:
        return []
