{#- Color of a group or overall score, after rounding to 6 decimals (docs/rules.md 6). Needs int_settings as `settings`. -#}
{% macro score_color(score) -%}
    case
        when {{ score }} is null then null
        when round({{ score }}, 6) > settings.score_green_above then 'green'
        when round({{ score }}, 6) > settings.score_yellow_above then 'yellow'
        else 'red'
    end
{%- endmacro %}
