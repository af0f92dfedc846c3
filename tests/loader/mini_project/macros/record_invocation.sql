{#- One row per dbt invocation that ran nodes. The loader's gate compares the newest with run_results.json,
    so that a relation and the artifacts beside it are known to be of one run. -#}
{% macro record_invocation() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') -%}
        {%- set schema = target.schema ~ '_publish' -%}
        {%- do adapter.create_schema(api.Relation.create(database=target.database, schema=schema)) -%}
        {%- set relation = api.Relation.create(database=target.database, schema=schema, identifier='dbt_invocations') -%}
        {%- do run_query(
            'create table if not exists ' ~ relation ~ ' (invocation_id ' ~ dbt.type_string()
            ~ ', completed_at ' ~ dbt.type_timestamp() ~ ')'
        ) -%}
        {%- do run_query(
            'insert into ' ~ relation ~ " values ('" ~ invocation_id ~ "', cast('"
            ~ modules.datetime.datetime.now(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as "
            ~ dbt.type_timestamp() ~ '))'
        ) -%}
        {%- do adapter.commit() if adapter.commit is defined -%}
    {%- endif -%}
{% endmacro %}
