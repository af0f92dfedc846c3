{#- The seed input_limits as one row, a column per limit. -#}
{% macro input_limits() -%}
    select
        {%- for name in ['count_max', 'seats_max', 'arr_max'] %}
        max(case when limit_name = '{{ name }}' then cast(limit_value as double) end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('input_limits') }}
{%- endmacro %}
