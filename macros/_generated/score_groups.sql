{#- Written by `make registry` from seeds/score_groups.csv: one group a line, in its order. -#}
{% macro score_groups() %}
license_utilization
user_engagement
scm
ci
cd
devsecops
{% endmacro %}
