{%- set leaves = ref('base_service_ping__leaves') -%}
with

quarantined_pings as (

    {{ quarantined_lines(leaves) }}

)

select * from quarantined_pings
