{#- One row per period ping, metric and key path that the payload holds: the value, or why there is none. -#}
with

pings as (

    select ping_id, instance_id, period_start from {{ ref('int_pings') }}
    where is_period_ping

),

paths as (

    select * from {{ ref('int_metric_paths') }}

),

metrics as (

    select * from {{ ref('int_metrics') }}

),

payload_values as (

    select * from {{ ref('stg_service_ping__values') }}

),

sentinels as (

    select * from {{ ref('sentinels') }}

),

limits as (

    {{ input_limits() }}

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
        {{ is_number('payload_values.raw_value') }} as is_number,
        case when {{ is_number('payload_values.raw_value') }} then {{ to_double('payload_values.raw_value') }} end
            as number_value,
        {{ to_boolean('payload_values.raw_value') }} as flag_value
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

select * from ping_values
