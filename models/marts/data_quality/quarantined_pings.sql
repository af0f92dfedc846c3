{%- set leaves = ref('base_service_ping__leaves') -%}
{%- set unread_lines = ref('base_service_ping__unread_lines') -%}
{%- set inputs = ref('base_service_ping__inputs') -%}
with

quarantined_pings as (

    {{ quarantined_lines(leaves, unread_lines, inputs) }}

)

select * from quarantined_pings
