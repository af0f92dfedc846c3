{#- DuckDB's form of dbt's safe_cast, as other warehouses have it: what cannot be cast is null. dbt's unit tests read
    seeds through it, and there an empty cell is ''. -#}
{% macro duckdb__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ type }})
{%- endmacro %}
