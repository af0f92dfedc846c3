{#- A derived metric: one metric over another, per instance and period. Where both have something to say about a missing
    value, the first by the order of the seed value_statuses is kept, the numerator's before the denominator's. -#}
{% macro metric_ratio(numerator, denominator) -%}
    with

    numerators as (

        select * from {{ ref('metric_' ~ numerator) }}

    ),

    denominators as (

        select * from {{ ref('metric_' ~ denominator) }}

    ),

    statuses as (

        select * from {{ ref('value_statuses') }}

    ),

    divided as (

        select
            numerators.instance_id,
            numerators.period_start,
            {{ customer_health.ratio('numerators.metric_value', 'denominators.metric_value') }} as metric_value,
            case
                when numerators.value_reason is not null
                    and (
                        denominators.value_reason is null
                        or numerator_statuses.precedence_step <= denominator_statuses.precedence_step
                    )
                    then numerators.value_reason
                when denominators.value_reason is not null then denominators.value_reason
                when denominators.metric_value = 0 then 'zero_denominator'
            end as value_reason
        from numerators
        inner join denominators
            on numerators.instance_id = denominators.instance_id
            and numerators.period_start = denominators.period_start
        left join statuses as numerator_statuses
            on numerators.value_reason = numerator_statuses.value_reason
        left join statuses as denominator_statuses
            on denominators.value_reason = denominator_statuses.value_reason

    )

    select
        divided.instance_id,
        divided.period_start,
        divided.metric_value,
        coalesce(statuses.value_status, 'reported') as value_status,
        divided.value_reason
    from divided
    left join statuses
        on divided.value_reason = statuses.value_reason
{%- endmacro %}
