{#- Whole numbers, as Marketo's integer and percent fields take them. Wide decimals, for a ratio of two counts may be beyond
    every integer type (see shown_value). -#}

{#- A count, whatever type it was computed in. -#}
{% macro whole_number(value) -%}
    cast(round({{ value }}) as decimal(38, 0))
{%- endmacro %}

{#- A share from 0 to 1 in whole percent. -#}
{% macro whole_percentage(share) -%}
    cast(round({{ customer_health.rounded('100 * (' ~ share ~ ')') }}) as decimal(38, 0))
{%- endmacro %}
