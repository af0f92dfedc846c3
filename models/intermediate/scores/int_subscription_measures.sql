{{ config(materialized='view') }}
{#- Status and reason of every measure. Where several inputs have something to say, the first by the precedence of
    docs/rules.md 5 is kept, the numerator's before the denominator's: the least of ten times the status's rank and the finder's
    own number, which is its last digit. -#}
{%- set finders = ['gate_reason', 'tier_reason', 'missing_numerator', 'missing_denominator', 'zero_reason'] -%}
with

divided as (

    select * from {{ ref('int_measure_ratios') }}

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

found as (

    select
        *,
        case when is_ruled_out then 'tier' end as tier_reason,
        {#- An input without a status is one that the ping does not hold. #}
        case when coalesce(numerator_status, '') != 'reported' then coalesce(numerator_reason, 'key_absent') end
            as missing_numerator,
        case when coalesce(denominator_status, '') != 'reported' then coalesce(denominator_reason, 'key_absent') end
            as missing_denominator,
        case when denominator = 0 then 'zero_denominator' end as zero_reason
    from divided

),

ranked as (

    select
        found.*,
        least(
            {%- for finder in finders %}
            coalesce({{ finder }}_statuses.status_rank * 10 + {{ loop.index }}, 999){{ ',' if not loop.last }}
            {%- endfor %}
        ) as first_rank
    from found
    {%- for finder in finders %}
    left join statuses as {{ finder }}_statuses
        on found.{{ finder }} = {{ finder }}_statuses.value_reason
    {%- endfor %}

),

first_found as (

    select
        *,
        case mod(first_rank, 10)
            {%- for finder in finders %}
            when {{ loop.index }} then {{ finder }}
            {%- endfor %}
        end as first_reason
    from ranked

),

subscription_measures as (

    select
        first_found.original_subscription_id,
        first_found.subscription_id,
        first_found.account_id,
        first_found.period_start,
        first_found.is_complete_period,
        first_found.months_since_start,
        first_found.measure,
        first_found.score_group,
        first_found.is_ruled_out,
        first_found.numerator,
        first_found.denominator,
        case when first_found.is_ruled_out then null else first_found.measure_value end as measure_value,
        coalesce(statuses.value_status, 'reported') as value_status,
        statuses.value_reason,
        statuses.status_rank,
        statuses.reason_rank
    from first_found
    left join statuses
        on first_found.first_reason = statuses.value_reason

)

select * from subscription_measures
