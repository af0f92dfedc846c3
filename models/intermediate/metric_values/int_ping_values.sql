{#- One row per period ping, metric and key path that the payload holds: the value, or why there is none. -#}
with

pings as (

    select ping_id, instance_id, period_start from {{ ref('int_pings') }}
    where is_period_ping

),

{{ judged_ping_values() }}

select * from ping_values
