{{ config(materialized='view') }}
{#- Status and reason of every measure. Where several inputs have something to say, the first by the precedence of the seed
    value_statuses is kept; of one step the numerator's before the denominator's. -#}
{%- set reasons = ['ineligible_reason', 'tier_reason', 'numerator_missing', 'denominator_missing', 'zero_reason'] -%}
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
        case when is_not_applicable then 'tier' end as tier_reason,
        {#- An input without a status is one that the ping does not hold. #}
        case when coalesce(numerator_status, '') != 'reported' then coalesce(numerator_reason, 'key_absent') end
            as numerator_missing,
        case when coalesce(denominator_status, '') != 'reported' then coalesce(denominator_reason, 'key_absent') end
            as denominator_missing,
        case when denominator = 0 then 'zero_denominator' end as zero_reason
    from divided

),

ranked as (

    select
        found.*,
        least(
            coalesce(ineligible_reason_statuses.precedence, 999),
            coalesce(tier_reason_statuses.precedence, 999),
            coalesce(case
                when denominator_missing_statuses.precedence_step < numerator_missing_statuses.precedence_step
                    or numerator_missing_statuses.precedence is null
                    then denominator_missing_statuses.precedence
                else numerator_missing_statuses.precedence
            end, 999),
            coalesce(zero_reason_statuses.precedence, 999)
        ) as first_precedence
    from found
    {%- for reason in reasons %}
    left join statuses as {{ reason }}_statuses
        on found.{{ reason }} = {{ reason }}_statuses.value_reason
    {%- endfor %}

),

subscription_measures as (

    select
        ranked.original_subscription_id,
        ranked.subscription_id,
        ranked.account_id,
        ranked.period_start,
        ranked.is_complete_period,
        ranked.months_since_start,
        ranked.measure,
        ranked.score_group,
        ranked.is_not_applicable,
        ranked.numerator,
        ranked.denominator,
        case when ranked.is_not_applicable then null else ranked.measure_value end as measure_value,
        coalesce(statuses.value_status, 'reported') as value_status,
        statuses.value_reason
    from ranked
    left join statuses
        on ranked.first_precedence = statuses.precedence

)

select * from subscription_measures
