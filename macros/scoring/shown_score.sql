{#- The last bits of a sum of doubles differ with the order of its terms, from run to run. They are rounded away where a
    weighted score is made, so that equal input gives equal rows, and a diff finds nothing to send. A score that goes into
    another score keeps more digits: rounded twice at one place, thirds come to lie on the edge between two roundings. -#}
{% macro rounded(score, digits=9) -%}
    round({{ score }}, {{ digits }})
{%- endmacro %}

{#- A score with two decimals, as people see it and as it is published; `+ 0` makes minus zero zero. -#}
{% macro shown_score(score) -%}
    (round({{ customer_health.rounded(score) }}, 2) + 0)
{%- endmacro %}
