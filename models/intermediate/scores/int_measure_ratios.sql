{{ config(materialized='view') }}
{#- Every measure's ratio for every subscription and period, with what its inputs say of themselves: the subscription's seats,
    and metrics of its primary instance, derived ones too. -#}
{%- set numbers = {'licensed_seats': "'seats_unknown'", 'activated_seats': 'activated_seats_reason'} -%}
with

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

measures as (

    select
        measures.*,
        coalesce(tiers.tier_rank, -1) as min_plan_rank
    from {{ ref('measures') }} as measures
    left join {{ ref('use_cases') }} as use_cases
        on measures.score_group = use_cases.use_case
    left join {{ ref('product_tiers') }} as tiers
        on use_cases.min_tier = tiers.tier

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

metric_values as (

    select * from {{ ref('int_metric_values') }}
    where metric_name in (
        select measures.numerator from measures
        union all
        select measures.denominator from measures
    )
        and metric_name not in ('{{ numbers.keys() | join("', '") }}')

),

inputs as (

    select
        primary_instances.original_subscription_id,
        primary_instances.period_start,
        metric_values.metric_name as input_name,
        metric_values.metric_value as input_value,
        metric_values.value_status,
        metric_values.value_reason
    from primary_instances
    inner join metric_values
        on primary_instances.instance_id = metric_values.instance_id
        and primary_instances.period_start = metric_values.period_start
    {%- for number, reason in numbers.items() %}
    union all
    select
        original_subscription_id,
        period_start,
        '{{ number }}',
        {{ number }},
        case when {{ number }} is null then 'not_reported' else 'reported' end,
        case when {{ number }} is null then {{ reason }} end
    from seats
    {%- endfor %}

),

divided as (

    select
        eligibility.original_subscription_id,
        eligibility.subscription_id,
        eligibility.account_id,
        eligibility.period_start,
        eligibility.is_complete_period,
        eligibility.months_since_start,
        eligibility.ineligible_reason,
        measures.measure,
        measures.score_group,
        measures.min_plan_rank > eligibility.plan_rank as is_not_applicable,
        numerators.input_value as numerator,
        denominators.input_value as denominator,
        case
            when measures.denominator is null then numerators.input_value
            else {{ ratio('numerators.input_value', 'denominators.input_value') }}
        end as measure_value,
        {#- Reported without a value is no status at all: a missing value is never taken for the lowest one. #}
        case when numerators.value_status != 'reported' or numerators.input_value is not null
            then numerators.value_status end as numerator_status,
        numerators.value_reason as numerator_reason,
        case
            when measures.denominator is null then 'reported'
            when denominators.value_status != 'reported' or denominators.input_value is not null
                then denominators.value_status
        end as denominator_status,
        denominators.value_reason as denominator_reason
    from eligibility
    cross join measures
    left join inputs as numerators
        on eligibility.original_subscription_id = numerators.original_subscription_id
        and eligibility.period_start = numerators.period_start
        and measures.numerator = numerators.input_name
    left join inputs as denominators
        on eligibility.original_subscription_id = denominators.original_subscription_id
        and eligibility.period_start = denominators.period_start
        and measures.denominator = denominators.input_name

)

select * from divided
