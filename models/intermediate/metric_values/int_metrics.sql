{%- set metrics = metric_registry() -%}
with

metrics as (

    {%- for metric in metrics %}
    select
        '{{ metric.name }}' as metric_name,
        '{{ metric.label | replace("'", "''") }}' as label,
        '{{ metric.stage }}' as stage,
        '{{ metric.use_case }}' as use_case,
        '{{ metric.unit }}' as unit,
        '{{ metric.time_frame }}' as time_frame,
        '{{ metric.key_paths | join(', ') }}' as key_paths,
        '{{ metric.min_version }}' as min_version,
        {{ (metric.min_version | string).split('.')[0] }} as min_major,
        {{ (metric.min_version | string).split('.')[1] }} as min_minor,
        '{{ metric.tier }}' as tier,
        {{ "'" ~ metric.gainsight_field ~ "'" if metric.gainsight_field else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as gainsight_field,
        '{{ metric.description | trim | replace("'", "''") | replace("\n", " ") }}' as description,
        {{ 'false' if metric.key_paths else 'true' }} as is_derived,
        {{ "'" ~ metric.derived_from ~ "'" if metric.derived_from else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
            as derived_from
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        '' as metric_name, '' as label, '' as stage, '' as use_case, '' as unit, '' as time_frame, '' as key_paths,
        '' as min_version, 0 as min_major, 0 as min_minor, '' as tier, '' as gainsight_field, '' as description,
        false as is_derived, '' as derived_from
    where false
    {%- endfor %}

)

select * from metrics
