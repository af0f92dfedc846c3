{#- A metric over several instances of an account, by its unit: counts are added, ratios averaged, a flag is on when it is on
    anywhere. Needs a group by. -#}
{% macro account_value(unit, metric_value) -%}
    case
        when {{ unit }} = 'ratio' then avg({{ metric_value }})
        when {{ unit }} in ('flag', 'setting') then max({{ metric_value }})
        else sum({{ metric_value }})
    end
{%- endmacro %}
