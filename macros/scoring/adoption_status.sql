{#- Adoption from a group's color (docs/rules.md 7): only a plan that rules the use case out is not_applicable. -#}
{% macro adoption_status(color, is_ruled_out) -%}
    case
        when {{ color }} = 'green' then 'adopted'
        when {{ color }} = 'yellow' then 'in_progress'
        when {{ color }} = 'red' then 'not_adopted'
        when {{ is_ruled_out }} then 'not_applicable'
        else 'not_measured'
    end
{%- endmacro %}
