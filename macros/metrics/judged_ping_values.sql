{#- What some pings hold for each metric, judged, as the CTE ping_values; needs a CTE pings with ping_id, instance_id and the
    period that each ping stands for. `published`: only for metrics that have a gainsight_field. -#}
{% macro judged_ping_values(published=false) -%}
paths as (

    select * from {{ ref('int_metric_paths') }}

),

metrics as (

    select * from {{ ref('int_metrics') }}
    {%- if published %}
    where gainsight_field is not null and not is_derived
    {%- endif %}

),

payload_values as (

    select * from {{ ref('stg_service_ping__values') }}

),

sentinels as (

    select * from {{ ref('sentinels') }}

),

limits as (

    {{ customer_health.input_limits() }}

),

read_values as (

    select
        pings.instance_id,
        pings.period_start,
        paths.metric_name,
        paths.priority,
        paths.key_path,
        trim(payload_values.raw_value) as raw_value,
        metrics.unit in ('flag', 'setting') as is_flag,
        {{ customer_health.is_number('payload_values.raw_value') }} as is_number,
        case when {{ customer_health.is_number('payload_values.raw_value') }} then {{ customer_health.to_double('payload_values.raw_value') }} end
            as number_value,
        {{ customer_health.to_boolean('payload_values.raw_value') }} as flag_value
    from payload_values
    inner join paths
        on payload_values.key_path = paths.key_path
    inner join metrics
        on paths.metric_name = metrics.metric_name
    inner join pings
        on payload_values.ping_id = pings.ping_id

),

judged as (

    select
        read_values.*,
        case
            when read_values.raw_value is null or replace(read_values.raw_value, ' ', '') = '{}' then 'key_null'
            when replace(read_values.raw_value, ' ', '') = '{"-1":-1}' then 'sentinel_1'
            when read_values.number_value < 0 then coalesce(sentinels.value_reason, 'sentinel_other')
            when read_values.is_flag and read_values.flag_value is not null then null
            when read_values.is_flag or not read_values.is_number then 'bad_type'
            {#- Too large for a count (or for the warehouse: null), or so small that a ratio to it would be. #}
            when coalesce(read_values.number_value > limits.count_max, true)
                or (read_values.number_value > 0 and read_values.number_value * limits.count_max < 1)
                then 'out_of_range'
        end as value_reason
    from read_values
    cross join limits
    left join sentinels
        on read_values.number_value = sentinels.sentinel

),

ping_values as (

    select
        instance_id,
        period_start,
        metric_name,
        priority,
        key_path,
        case
            when value_reason is not null then null
            when is_flag then case when flag_value then 1.0 else 0.0 end
            {#- + 0, for -0 is a 0. #}
            else number_value + 0
        end as metric_value,
        case
            when value_reason is null then 'reported'
            when value_reason = 'key_null' then 'not_reported'
            else 'failed'
        end as value_status,
        value_reason
    from judged

)
{%- endmacro %}
