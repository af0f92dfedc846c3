-- No period is missing: subscriptions run from their first start, accounts from their first subscription and instances
-- from their first ping to the period that holds as_of, or while the CRM knew them; and the marts built on these spines
-- have a row for each of theirs.
with

periods as (

    select * from {{ ref('int_periods') }}

),

accounts as (

    select account_id, known_from, known_to, is_known_now from {{ ref('int_accounts_known') }}

),

subscriptions as (

    select original_subscription_id, start_date, known_from, known_to from {{ ref('int_subscriptions_known') }}

),

coverage as (

    select original_subscription_id, account_id, period_start from {{ ref('fct_reporting_coverage') }}

),

account_health as (

    select account_id, period_start from {{ ref('fct_account_health') }}

),

activity as (

    select instance_id, period_start, ping_count from {{ ref('fct_instance_activity') }}

),

starts as (

    select accounts.account_id, min(account_health.period_start) as starts_in
    from accounts
    left join account_health
        on accounts.account_id = account_health.account_id
    group by accounts.account_id
    having max(case when accounts.is_known_now or account_health.account_id is not null then 1 end) = 1

),

instances as (

    select instance_id, min(case when ping_count > 0 then period_start end) as starts_in
    from activity
    group by instance_id

),

expected as (

    select 'account' as spine, starts.account_id as subject, count(distinct periods.period_start) as row_count
    from starts
    left join accounts
        on starts.account_id = accounts.account_id
    left join periods
        on starts.starts_in <= periods.period_start
        and {{ is_known('accounts', 'periods.measurement_date') }}
    group by starts.account_id
    union all
    select 'subscription', subscriptions.original_subscription_id, count(distinct periods.period_start)
    from subscriptions
    inner join periods
        on subscriptions.start_date <= periods.measurement_date
        and {{ is_known('subscriptions', 'periods.measurement_date') }}
    group by subscriptions.original_subscription_id
    union all
    select 'instance', instances.instance_id, count(periods.period_start)
    from instances
    left join periods
        on instances.starts_in <= periods.period_start
    group by instances.instance_id

),

found as (

    select 'account' as spine, account_id as subject, count(*) as row_count
    from account_health
    group by account_id
    union all
    select 'subscription', original_subscription_id, count(*)
    from coverage
    group by original_subscription_id
    union all
    select 'instance', instance_id, count(*)
    from activity
    group by instance_id

),

holes as (

    select coalesce(expected.spine, found.spine) as spine, coalesce(expected.subject, found.subject) as subject
    from expected
    full outer join found
        on expected.spine = found.spine
        and expected.subject = found.subject
    where coalesce(expected.row_count, -1) != coalesce(found.row_count, -1)
        or expected.row_count = 0

),

accounts_without_row as (

    select 'account of a subscription' as spine, coverage.account_id as subject
    from coverage
    inner join periods
        on coverage.period_start = periods.period_start
    inner join accounts
        on coverage.account_id = accounts.account_id
        and {{ is_known('accounts', 'periods.measurement_date') }}
    left join account_health
        on coverage.account_id = account_health.account_id
        and coverage.period_start = account_health.period_start
    where account_health.account_id is null

),

mart_sizes as (

    select 'fct_seat_utilization' as spine,
        (select count(*) from {{ ref('fct_seat_utilization') }}) as found_rows,
        (select count(*) from coverage) as expected_rows
    union all
    select 'fct_stage_adoption',
        (select count(*) from {{ ref('fct_stage_adoption') }}),
        (select count(*) from coverage) * (select count(*) from {{ ref('use_cases') }})
    union all
    select 'fct_measure_scores',
        (select count(*) from {{ ref('fct_measure_scores') }}),
        (select count(*) from coverage) * (select count(*) from {{ ref('measures') }})
    union all
    select 'fct_account_adoption',
        (select count(*) from {{ ref('fct_account_adoption') }}),
        (select count(*) from account_health)
    union all
    select 'fct_account_seats',
        (select count(*) from {{ ref('fct_account_seats') }}),
        (select count(*) from account_health)
    union all
    select 'fct_score_contributions',
        (select count(*) from {{ ref('fct_score_contributions') }}),
        (select count(*) from account_health) * (select count(*) from {{ ref('score_groups') }})
    union all
    select 'fct_metric_values',
        (select count(*) from {{ ref('fct_metric_values') }}),
        (select count(*) from activity) * (select count(*) from {{ ref('dim_metrics') }})
    union all
    select 'mart_instance_metrics_wide',
        (select count(*) from {{ ref('mart_instance_metrics_wide') }}),
        (select count(*) from activity)
    union all
    select 'dim_instances',
        (select count(*) from {{ ref('dim_instances') }}),
        (select count(distinct instance_id) from activity)
    union all
    select 'gainsight__company_health',
        (select count(*) from {{ ref('gainsight__company_health') }}),
        (select count(*) from accounts where is_known_now)

),

missing_rows as (

    select * from holes
    union all
    select * from accounts_without_row
    union all
    select spine, 'rows' from mart_sizes
    where found_rows != expected_rows

)

select * from missing_rows
