{#- Every measure of every subscription and period: ratio, status, reason. Where several inputs have something to say, the
    first by the precedence of domain.md 1.4 is kept, the numerator's before the denominator's. -#}
with

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

measures as (

    select * from {{ ref('measures') }}

),

operands as (

    select * from {{ ref('int_score_operands') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

divided as (

    select
        gates.original_subscription_id,
        gates.subscription_id,
        gates.account_id,
        gates.period_start,
        gates.months_since_start,
        gates.gate_reason,
        measures.measure,
        measures.score_group,
        measures.needs_devsecops and not gates.devsecops_applies as is_ruled_out,
        numerators.operand_value as numerator,
        denominators.operand_value as denominator,
        case
            when measures.denominator is null then numerators.operand_value
            else {{ ratio('numerators.operand_value', 'denominators.operand_value') }}
        end as measure_value,
        numerators.value_status as numerator_status,
        numerators.value_reason as numerator_reason,
        case when measures.denominator is null then 'reported' else denominators.value_status end
            as denominator_status,
        denominators.value_reason as denominator_reason
    from gates
    cross join measures
    left join operands as numerators
        on gates.original_subscription_id = numerators.original_subscription_id
        and gates.period_start = numerators.period_start
        and measures.numerator = numerators.operand
    left join operands as denominators
        on gates.original_subscription_id = denominators.original_subscription_id
        and gates.period_start = denominators.period_start
        and measures.denominator = denominators.operand

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
