{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{{ forget_unread_lines() }}", post_hook="{{ drop_unread_lines() }}"
) }}
{%- do ref('base_service_ping__saved_arrivals') -%}
{%- set leaves = ref('base_service_ping__leaves') %}
with

unread_lines as (

    {{ unread_lines(leaves) }}

)

select * from unread_lines
