{{ config(materialized='view') }}
{#- What the measures divide: the primary instance's values, and sums over several of them. `all_needed` takes the first
    missing part's reason; `present` leaves absent parts out, but one failed part fails all. -#}
with

metric_operands as (

    select * from {{ ref('int_metric_operands') }}

),

parts as (

    select * from {{ ref('operand_parts') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

part_summary as (

    select
        metric_operands.original_subscription_id,
        metric_operands.period_start,
        parts.operand,
        parts.combination,
        sum(metric_operands.operand_value) as value_sum,
        count(case when metric_operands.operand_value > 0 then 1 end) as positive_parts,
        count(metric_operands.operand_value) as reported_parts,
        count(*) as all_parts,
        min(case when metric_operands.value_status = 'failed' then metric_operands.reason_rank end) as failed_rank,
        min(case when metric_operands.value_status = 'not_reported' then metric_operands.reason_rank end)
            as not_reported_rank,
        min(case when metric_operands.value_status != 'reported' then metric_operands.reason_rank end) as missing_rank
    from metric_operands
    inner join parts
        on metric_operands.operand = parts.metric_name
    group by
        metric_operands.original_subscription_id, metric_operands.period_start, parts.operand, parts.combination

),

part_problems as (

    select
        *,
        case
            when combination = 'all_needed' and reported_parts < all_parts then missing_rank
            when combination = 'present' and failed_rank is not null then failed_rank
            when combination = 'present' and reported_parts = 0
                then coalesce(
                    not_reported_rank,
                    (select statuses.reason_rank from statuses where statuses.value_reason = 'key_absent')
                )
        end as problem_rank
    from part_summary

),

combined_operands as (

    select
        part_problems.original_subscription_id,
        part_problems.period_start,
        part_problems.operand,
        case
            when part_problems.problem_rank is not null then null
            when part_problems.operand = '{{ known('operand', 'secure_scanner_types') }}' then part_problems.positive_parts
            else part_problems.value_sum
        end as operand_value,
        case
            when part_problems.problem_rank is null then 'reported'
            when part_problems.combination = 'present' and part_problems.failed_rank is null then 'not_reported'
            else statuses.value_status
        end as value_status,
        statuses.value_reason
    from part_problems
    left join statuses
        on part_problems.problem_rank = statuses.reason_rank

),

operands as (

    select original_subscription_id, period_start, operand, operand_value, value_status, value_reason
    from metric_operands
    union all
    select * from combined_operands

)

select * from operands
