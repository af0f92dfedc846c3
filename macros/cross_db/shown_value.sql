{#- A number as people read it: `83%` for a share, `1234` for a count. -#}
{% macro shown_value(value, format) -%}
    coalesce(
        case
            when {{ format }} = 'percent'
                then cast(cast(round(100 * {{ value }}) as integer) as {{ dbt.type_string() }}) || '%'
            else cast(cast(round({{ value }}) as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
        end,
        'an unknown value'
    )
{%- endmacro %}

{#- Score points with two decimals: `75.47`. -#}
{% macro shown_points(value) -%}
    cast(cast({{ customer_health.shown_score(value) }} as decimal(10, 2)) as {{ dbt.type_string() }})
{%- endmacro %}
