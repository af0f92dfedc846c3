{#- Signals that no single subscription's figures raise: a color that got worse, silence, and instances without a type. -#}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

colored as (

    select
        scores.account_id,
        scores.period_start,
        scores.previous_period_start,
        scores.subject,
        scores.score,
        {{ score_color('scores.score') }} as color
    from (
        select account_id, period_start, previous_period_start, score_group as subject, score
        from {{ ref('int_account_groups') }}
        union all
        select account_id, period_start, previous_period_start, 'overall', overall_score
        from {{ ref('int_account_scores') }}
    ) as scores
    cross join {{ ref('int_settings') }} as settings

),

score_drops as (

    select
        colored.account_id,
        colored.period_start,
        '{{ known('signal', 'score_drop') }}' as signal,
        colored.subject,
        earlier.score as previous_value,
        colored.score as current_value
    from colored
    inner join colored as earlier
        on colored.account_id = earlier.account_id
        and colored.subject = earlier.subject
        and colored.previous_period_start = earlier.period_start
    where (earlier.color = 'green' and colored.color in ('yellow', 'red'))
        or (earlier.color = 'yellow' and colored.color = 'red')

),

scored_pings as (

    select
        gates.account_id,
        gates.original_subscription_id,
        gates.subscription_id,
        gates.period_start,
        gates.is_in_force,
        {{ days_between(
            'cast(max(primary_instances.last_ping_at) over (partition by gates.original_subscription_id'
            ~ ' order by gates.period_start rows between unbounded preceding and current row) as date)',
            'gates.measurement_date'
        ) }} as days_since_scored_ping
    from {{ ref('int_subscription_gates') }} as gates
    left join {{ ref('int_primary_instances') }} as primary_instances
        on gates.original_subscription_id = primary_instances.original_subscription_id
        and gates.period_start = primary_instances.period_start

),

silences as (

    select
        scored_pings.account_id,
        scored_pings.period_start,
        rules.signal,
        scored_pings.subscription_id as subject,
        scored_pings.original_subscription_id as subject_key,
        cast(null as double) as previous_value,
        cast(scored_pings.days_since_scored_ping as double) as current_value
    from scored_pings
    inner join rules
        on rules.signal = '{{ known('signal', 'stopped_reporting') }}'
        and scored_pings.days_since_scored_ping > rules.limit_value
    where scored_pings.is_in_force

),

unlabelled as (

    select
        seats.account_id,
        seats.period_start,
        '{{ known('signal', 'unlabelled_instance') }}' as signal,
        case when seats.hostname = '' then seats.uuid else seats.hostname end as subject,
        cast(null as double) as previous_value,
        cast(count(*) over (partition by seats.account_id, seats.period_start) as double) as current_value
    from {{ ref('int_instance_seats') }} as seats
    inner join {{ ref('int_instance_types') }} as types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    where types.instance_type = 'Unknown' and seats.ping_id is not null and seats.account_id is not null
    qualify row_number() over (
        partition by seats.account_id, seats.period_start
        order by coalesce(seats.activated_seats, seats.umau) desc nulls last, seats.instance_id
    ) = 1

),

raised as (

    select account_id, period_start, signal, subject, subject as subject_key, previous_value, current_value
    from score_drops
    union all
    select account_id, period_start, signal, subject, subject_key, previous_value, current_value from silences
    union all
    select account_id, period_start, signal, subject, account_id, previous_value, current_value from unlabelled

)

select * from raised
