{#- By what share of its value before a figure fell, over one and the same instance. Needs `inputs` and `earlier`, a row of
    int_signal_inputs and that of the calendar period before. -#}
{% macro relative_fall(figure) -%}
    inputs.primary_instance_id = earlier.primary_instance_id
        and {{ customer_health.rounded(
            '(earlier.' ~ figure ~ ' - inputs.' ~ figure ~ ') / nullif(cast(earlier.' ~ figure ~ ' as double), 0)'
        ) }}
{%- endmacro %}

{#- Whether a count of scans is below its limit, which grows with the activated seats where the rule says for how many it
    is meant. Needs `inputs` and `rules`. -#}
{% macro is_few_for_its_seats(figure) -%}
    inputs.{{ figure }} < rules.limit_value
        * case when rules.per_seats is null then 1 else inputs.activated_seats / nullif(rules.per_seats, 0) end
{%- endmacro %}
