{#- Color of a value by the limits that a row has from score_bands; null where there is no value or no band. -#}
{% macro band_color(value, band) -%}
    case
        when {{ value }} is null or {{ band }}.green_from is null then null
        when {{ value }} > {{ band }}.green_from or ({{ band }}.green_inclusive and {{ value }} = {{ band }}.green_from)
            then 'green'
        when {{ value }} > {{ band }}.yellow_from or ({{ band }}.yellow_inclusive and {{ value }} = {{ band }}.yellow_from)
            then 'yellow'
        else 'red'
    end
{%- endmacro %}
