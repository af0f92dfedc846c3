{#- A ratio in double precision: a decimal division would round at a band's edge. Null on a zero denominator. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}
