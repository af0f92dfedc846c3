{#- Words as people write them, in one form: lower case, one blank between words, nothing else.
    'Ultimate (Self-Managed)' -> 'ultimate self managed'. -#}
{% macro vocabulary_key(expression) -%}
    trim({{ customer_health.replace_all("lower(" ~ expression ~ ")", '[^a-z0-9]+', ' ') }})
{%- endmacro %}

{% macro replace_all(expression, pattern, replacement) -%}
    {{ adapter.dispatch('replace_all', 'customer_health')(expression, pattern, replacement) }}
{%- endmacro %}

{% macro default__replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{#- Left to itself, DuckDB replaces the first match only. -#}
{% macro duckdb__replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}
