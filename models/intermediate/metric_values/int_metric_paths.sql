{%- set metrics = metric_registry() -%}
{%- set rows = [] -%}
{%- for metric in metrics -%}
    {%- for path in metric.key_paths -%}
        {%- set removed = (metric.removed_in or {}).get(path) -%}
        {%- do rows.append({
            'metric': metric.name, 'priority': loop.index, 'path': path,
            'major': (removed | string).split('.')[0] if removed else 'cast(null as integer)',
            'minor': (removed | string).split('.')[1] if removed else 'cast(null as integer)',
        }) -%}
    {%- endfor -%}
{%- endfor -%}
with

paths as (

    {%- for row in rows %}
    select
        '{{ row.metric }}' as metric_name,
        {{ row.priority }} as priority,
        '{{ row.path }}' as key_path,
        {{ row.major }} as removed_major,
        {{ row.minor }} as removed_minor
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as metric_name, 0 as priority, '' as key_path, 0 as removed_major, 0 as removed_minor
    where false
    {%- endfor %}

)

select * from paths
