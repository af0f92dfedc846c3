{#- Signals from a subscription's term and its silence: it nears its end, it has ended, nothing was heard of it. -#}
{%- set signals = {
    known('signal', 'stopped_reporting'): ['days_since_scored_ping',
        'subscriptions.is_in_force and subscriptions.days_since_scored_ping > rules.limit_value'],
    known('signal', 'renewal_at_risk'): ['days_to_end', 'subscriptions.is_in_force and not subscriptions.is_trial'
        ~ ' and not subscriptions.is_renewed and subscriptions.days_to_end <= rules.limit_value'
        ~ " and coalesce(subscriptions.account_color, '') != 'green'"],
    known('signal', 'trial_ending'): ['days_to_end', 'subscriptions.is_in_force and subscriptions.is_trial'
        ~ ' and not subscriptions.is_renewed and subscriptions.days_to_end <= rules.limit_value'],
    known('signal', 'expired_in_use'): ['people', 'not subscriptions.is_in_force and subscriptions.is_heard_of'
        ~ ' and subscriptions.pinged_after_the_end'],
} -%}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

subscriptions as (

    select * from {{ ref('int_subscription_terms') }}

),

raised as (

    {%- for signal, (figure, condition) in signals.items() %}
    select
        subscriptions.account_id,
        subscriptions.period_start,
        rules.signal,
        subscriptions.subscription_id as subject,
        subscriptions.original_subscription_id as subject_key,
        cast(null as double) as previous_value,
        cast(subscriptions.{{ figure }} as double) as current_value
    from subscriptions
    inner join rules
        on rules.signal = '{{ signal }}'
        and subscriptions.months_since_start >= rules.min_age_months
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from raised
