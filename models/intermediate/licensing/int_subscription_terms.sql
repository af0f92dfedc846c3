{#- How near the end of its term a subscription is, who uses it, and how long its scored pings are silent. -#}
with

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

coverage as (

    select * from {{ ref('int_subscription_coverage') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

instance_seats as (

    select * from {{ ref('int_instance_seats') }}

),

account_scores as (

    select * from {{ ref('int_account_scores') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

renewals as (

    {#- A later version that was known on the day: the renewal is signed. #}
    select distinct
        gates.original_subscription_id,
        gates.period_start
    from gates
    inner join {{ ref('int_subscriptions_known') }} as versions
        on gates.original_subscription_id = versions.original_subscription_id
        and versions.start_date > gates.measurement_date
        and not versions.is_cancelled
        and {{ is_known('versions', 'gates.measurement_date') }}

),

active_people as (

    {#- The one instance with most of them: people are never added over instances. #}
    select
        original_subscription_id,
        period_start,
        max(coalesce(umau, activated_seats)) as people
    from instance_seats
    where ping_id is not null
    group by original_subscription_id, period_start

),

subscriptions as (

    select
        gates.account_id,
        gates.original_subscription_id,
        gates.subscription_id,
        gates.period_start,
        gates.months_since_start,
        gates.is_in_force,
        coalesce(coverage.is_trial, false) as is_trial,
        renewals.period_start is not null as is_renewed,
        {{ days_between('gates.measurement_date', 'gates.end_date') }} as days_to_end,
        {{ days_between('cast(gates.latest_ping_at as date)', 'gates.end_date') }} < 0 as pinged_after_the_end,
        coverage.instance_count > 0 or not gates.is_complete_period as is_heard_of,
        active_people.people,
        {{ score_color('account_scores.overall_score') }} as account_color,
        {{ days_between(
            'cast(max(primary_instances.last_ping_at) over (partition by gates.original_subscription_id'
            ~ ' order by gates.period_start rows between unbounded preceding and current row) as date)',
            'gates.measurement_date'
        ) }} as days_since_scored_ping
    from gates
    cross join settings
    inner join coverage
        on gates.original_subscription_id = coverage.original_subscription_id
        and gates.period_start = coverage.period_start
    left join primary_instances
        on gates.original_subscription_id = primary_instances.original_subscription_id
        and gates.period_start = primary_instances.period_start
    left join renewals
        on gates.original_subscription_id = renewals.original_subscription_id
        and gates.period_start = renewals.period_start
    left join active_people
        on gates.original_subscription_id = active_people.original_subscription_id
        and gates.period_start = active_people.period_start
    {#- An open period's color rests on those who happened to report first. #}
    left join account_scores
        on gates.account_id = account_scores.account_id
        and account_scores.period_start
        = case when gates.is_complete_period then gates.period_start else gates.previous_period_start end

)

select * from subscriptions
