{{ config(materialized='view') }}
{#- Every measure's ratio for every subscription and period, with what its inputs say of themselves. -#}
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

divided as (

    select
        gates.original_subscription_id,
        gates.subscription_id,
        gates.account_id,
        gates.period_start,
        gates.is_complete_period,
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
        {#- Reported without a value is no status at all: a missing value is never taken for the lowest one. #}
        case when numerators.value_status != 'reported' or numerators.operand_value is not null
            then numerators.value_status end as numerator_status,
        numerators.value_reason as numerator_reason,
        case
            when measures.denominator is null then 'reported'
            when denominators.value_status != 'reported' or denominators.operand_value is not null
                then denominators.value_status
        end as denominator_status,
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

)

select * from divided
