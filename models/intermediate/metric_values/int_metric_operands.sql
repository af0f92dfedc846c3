{{ config(materialized='view') }}
{#- What the primary instance itself says: its metric values, and its licensed seats. -#}
with

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

ping_metrics as (

    select * from {{ ref('int_ping_metrics') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

metric_operands as (

    select
        primary_instances.original_subscription_id,
        primary_instances.period_start,
        ping_metrics.metric_name as operand,
        ping_metrics.metric_value as operand_value,
        ping_metrics.value_status,
        ping_metrics.value_reason,
        statuses.reason_rank
    from primary_instances
    inner join ping_metrics
        on primary_instances.instance_id = ping_metrics.instance_id
        and primary_instances.period_start = ping_metrics.period_start
    left join statuses
        on ping_metrics.value_status = statuses.value_status
        and coalesce(ping_metrics.value_reason, '') = coalesce(statuses.value_reason, '')

),

licensed_seats as (

    select
        original_subscription_id,
        period_start,
        'licensed_seats' as operand,
        cast(licensed_seats as double) as operand_value,
        case when licensed_seats is null then 'not_reported' else 'reported' end as value_status,
        case when licensed_seats is null then 'seats_unknown' end as value_reason,
        cast(null as integer) as reason_rank
    from primary_instances

),

operands as (

    select * from metric_operands
    union all
    select * from licensed_seats

)

select * from operands
