{#- `dbt source freshness` where pings are files: the newest arrival among the pings that the last build read. -#}
{% macro duckdb__collect_freshness(source, loaded_at_field, filter) %}
    {%- set leaves = api.Relation.create(
        database=target.database, schema=target.schema ~ '_staging', identifier='base_service_ping__leaves'
    ) -%}
    {% call statement('collect_freshness', fetch_result=True, auto_begin=False) %}
    select
        max({{ loaded_at_field }}) as max_loaded_at,
        {{ current_timestamp() }} as snapshotted_at
    from {{ leaves }}
    where key_path = '' and ping_id is not null
    {% endcall %}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}
