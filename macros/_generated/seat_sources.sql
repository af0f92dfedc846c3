{#- Written by `make registry` from the staging models stg_<source>__seats: one name a line, sorted. -#}
{% macro seat_source_models() %}
{% endmacro %}
