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

{#- Rows (name_hash, closest) for the metric names of objectives that do not exist: the md5 of the name, and the names closest
    to it. Only the hash goes into the SQL, for the name is whatever somebody wrote. -#}
{% macro closest_metric_names(objectives) -%}
    {%- set unknown = [] -%}
    {%- if execute and load_relation(objectives) -%}
        {%- do unknown.extend(run_query(
            'select distinct metric_name from ' ~ objectives ~ " where row_finding = 'metric_unknown' order by 1 limit 100"
        ).columns[0].values()) -%}
    {%- endif -%}
    {%- for name in unknown %}
    select
        '{{ local_md5(name) }}' as name_hash,
        '{{ customer_health.closest_names(name, customer_health.metric_names()) | join(', ') }}' as closest
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as name_hash, '' as closest
    where false
    {%- endfor %}
{%- endmacro %}
