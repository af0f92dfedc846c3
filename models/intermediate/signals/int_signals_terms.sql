{#- Signals from a subscription's term and its silence: it nears its end, it has ended, nothing was heard of it. -#}
{%- set signals = {
    known('signal', 'stopped_reporting'): ['days_since_scored_ping',
        'terms.is_in_force and terms.days_since_scored_ping > rules.limit_value'],
    known('signal', 'renewal_at_risk'): ['days_to_end', 'terms.is_in_force and not terms.is_trial'
        ~ ' and not terms.is_renewed and terms.days_to_end <= rules.limit_value'
        ~ " and coalesce(terms.account_color, '') != 'green'"],
    known('signal', 'trial_ending'): ['days_to_end', 'terms.is_in_force and terms.is_trial'
        ~ ' and not terms.is_renewed and terms.days_to_end <= rules.limit_value'],
    known('signal', 'expired_in_use'): ['people', 'not terms.is_in_force and terms.is_heard_of'
        ~ ' and terms.pinged_after_the_end'],
} -%}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

coverage as (

    select * from {{ ref('int_subscription_coverage') }}

),

renewals as (

    {#- A later version that was known on the day: the renewal is signed. #}
    select distinct
        coverage.original_subscription_id,
        coverage.period_start
    from coverage
    inner join {{ ref('int_subscriptions_known') }} as versions
        on coverage.original_subscription_id = versions.original_subscription_id
        and versions.start_date > coverage.measurement_date
        and not versions.is_cancelled
        and {{ is_known('versions', 'coverage.measurement_date') }}

),

active_people as (

    {#- The one instance with most of them: people are never added over instances. #}
    select
        original_subscription_id,
        period_start,
        max(coalesce(umau, activated_seats)) as people
    from {{ ref('int_instance_seats') }}
    where ping_id is not null
    group by original_subscription_id, period_start

),

terms as (

    select
        coverage.account_id,
        coverage.original_subscription_id,
        coverage.subscription_id,
        coverage.period_start,
        coverage.months_since_start,
        coverage.is_in_force,
        coalesce(coverage.is_trial, false) as is_trial,
        renewals.period_start is not null as is_renewed,
        {{ days_between('coverage.measurement_date', 'coverage.end_date') }} as days_to_end,
        {{ days_between('cast(coverage.latest_ping_at as date)', 'coverage.end_date') }} < 0 as pinged_after_the_end,
        coverage.instance_count > 0 or not coverage.is_complete_period as is_heard_of,
        active_people.people,
        {{ score_color('account_scores.overall_score') }} as account_color,
        {{ days_between(
            'cast(max(primary_instances.last_ping_at) over (partition by coverage.original_subscription_id'
            ~ ' order by coverage.period_start rows between unbounded preceding and current row) as date)',
            'coverage.measurement_date'
        ) }} as days_since_scored_ping
    from coverage
    cross join {{ ref('int_settings') }} as settings
    left join {{ ref('int_primary_instances') }} as primary_instances
        on coverage.original_subscription_id = primary_instances.original_subscription_id
        and coverage.period_start = primary_instances.period_start
    left join renewals
        on coverage.original_subscription_id = renewals.original_subscription_id
        and coverage.period_start = renewals.period_start
    left join active_people
        on coverage.original_subscription_id = active_people.original_subscription_id
        and coverage.period_start = active_people.period_start
    left join {{ ref('int_account_last_scores') }} as account_scores
        on coverage.account_id = account_scores.account_id
        and coverage.period_start = account_scores.period_start

),

raised as (

    {%- for signal, (figure, condition) in signals.items() %}
    select
        terms.account_id,
        terms.period_start,
        rules.signal,
        terms.subscription_id as subject,
        terms.original_subscription_id as subject_key,
        cast(null as double) as previous_value,
        cast(terms.{{ figure }} as double) as current_value
    from terms
    inner join rules
        on rules.signal = '{{ signal }}'
        and terms.months_since_start >= rules.min_age_months
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from raised
