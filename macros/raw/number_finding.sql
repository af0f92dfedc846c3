{#- What is wrong with a number that a person or another system wrote; null when it may be used. `text` is trimmed. -#}
{% macro number_finding(text, largest, whole=false) -%}
    case
        when {{ text }} is null then null
        when not {{ customer_health.is_number(text) }} then 'unreadable'
        when {{ text }} like '-%' and {{ customer_health.to_double(text) }} != 0 then 'negative'
        when coalesce({{ customer_health.to_double(text) }} > {{ largest }}, true) then 'out_of_range'
        {%- if whole %}
        when {{ customer_health.to_double(text) }} != floor({{ customer_health.to_double(text) }}) then 'fractional'
        {%- endif %}
    end
{%- endmacro %}
