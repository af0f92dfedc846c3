{#- Status and reason of every measure. Where several inputs have something to say, the first by the precedence of
    docs/rules.md 5 is kept, the numerator's before the denominator's. -#}
with

divided as (

    select * from {{ ref('int_measure_ratios') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

found as (

    select original_subscription_id, period_start, measure, 1 as finder, gate_reason as value_reason
    from divided
    where gate_reason is not null
    union all
    select original_subscription_id, period_start, measure, 2, 'tier'
    from divided
    where is_ruled_out
    union all
    select original_subscription_id, period_start, measure, 3, numerator_reason
    from divided
    where numerator_status != 'reported'
    union all
    select original_subscription_id, period_start, measure, 4, denominator_reason
    from divided
    where denominator_status != 'reported'
    union all
    select original_subscription_id, period_start, measure, 5, 'zero_denominator'
    from divided
    where denominator = 0

),

first_found as (

    select
        found.original_subscription_id,
        found.period_start,
        found.measure,
        statuses.value_status,
        statuses.value_reason,
        statuses.status_rank,
        statuses.reason_rank
    from found
    inner join statuses
        on found.value_reason = statuses.value_reason
    qualify row_number() over (
        partition by found.original_subscription_id, found.period_start, found.measure
        order by statuses.status_rank, found.finder
    ) = 1

),

subscription_measures as (

    select
        divided.original_subscription_id,
        divided.subscription_id,
        divided.account_id,
        divided.period_start,
        divided.months_since_start,
        divided.measure,
        divided.score_group,
        divided.is_ruled_out,
        divided.numerator,
        divided.denominator,
        case when divided.is_ruled_out then null else divided.measure_value end as measure_value,
        coalesce(first_found.value_status, 'reported') as value_status,
        first_found.value_reason,
        first_found.status_rank,
        first_found.reason_rank
    from divided
    left join first_found
        on divided.original_subscription_id = first_found.original_subscription_id
        and divided.period_start = first_found.period_start
        and divided.measure = first_found.measure

)

select * from subscription_measures
