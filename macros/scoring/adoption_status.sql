{#- Adoption from a group's color (docs/rules.md 7): only what the plan does not include is not_applicable. -#}
{% macro adoption_status(color, is_not_applicable) -%}
    case
        when {{ color }} = 'green' then 'adopted'
        when {{ color }} = 'yellow' then 'in_progress'
        when {{ color }} = 'red' then 'not_adopted'
        when {{ is_not_applicable }} then 'not_applicable'
        else 'not_measured'
    end
{%- endmacro %}
