{#- Stops when an objective names a metric that does not exist; lists the names closest to it. -#}
{% macro check_objective_metrics(objectives) %}
    {%- if execute and load_relation(objectives) -%}
        {%- do customer_health.check_objective_rows(objectives) -%}
    {%- endif -%}
{% endmacro %}

{% macro check_objective_rows(objectives) %}
    {%- set known = customer_health.metric_names() -%}
    {%- set metric_name = customer_health.clean_text('metric_name') -%}
    {%- for row in run_query(
        'select distinct objective_id, ' ~ metric_name ~ ' from ' ~ objectives ~ ' where ' ~ metric_name
        ~ ' is not null order by objective_id'
    ).rows if row[1] not in known -%}
        {{ exceptions.raise_compiler_error(
            'objectives: objective ' ~ row[0] ~ ' names the unknown metric "' ~ row[1] ~ '"; the closest are: '
            ~ customer_health.closest_names(row[1], known) | join(', ')
        ) }}
    {%- endfor -%}
{% endmacro %}

{#- The three names that share most pairs of neighbouring letters with the wanted one (Dice's coefficient). -#}
{% macro closest_names(wanted, known) %}
    {%- set ranked = [] -%}
    {%- for name in known -%}
        {%- set shared = [] -%}
        {%- for i in range(wanted | length - 1) if wanted[i:i + 2] in name -%}
            {%- do shared.append(i) -%}
        {%- endfor -%}
        {%- do ranked.append((-2.0 * shared | length / (wanted | length + name | length), name)) -%}
    {%- endfor -%}
    {{ return(ranked | sort | map(attribute=1) | list | batch(3) | first) }}
{% endmacro %}
