{#- A number as people read it: `83%` for a share, `1234` for a count. As a decimal: a ratio of the largest to the smallest
    count that is believed (seed input_limits) is beyond every integer type. -#}
{% macro shown_value(value, format) -%}
    coalesce(
        case
            when {{ format }} = 'percent'
                then cast(cast(round(100 * {{ value }}) as decimal(38, 0)) as {{ dbt.type_string() }}) || '%'
            else cast(cast(round({{ value }}) as decimal(38, 0)) as {{ dbt.type_string() }})
        end,
        'an unknown value'
    )
{%- endmacro %}

{#- Score points with two decimals: `75.47`. -#}
{% macro shown_points(value) -%}
    cast(cast({{ customer_health.shown_score(value) }} as decimal(38, 2)) as {{ dbt.type_string() }})
{%- endmacro %}
