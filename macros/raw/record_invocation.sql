{#- What dbt did to this warehouse, for the loader's gate and plan. dbt_invocations has one row per invocation that ran nodes,
    and dbt_results what became of each node, and of which day, grain and input the marts are. The row that
    record_invocation_start() writes has no completed_at until the run came to its end, so that one which was killed shows. -#}
{% macro record_invocation() %}
    {%- if execute and flags.WHICH in invocations_that_count() -%}
        {%- set statuses = {} -%}
        {%- for result in results -%}
            {%- do statuses.update({result.node.unique_id: result.status | string}) -%}
        {%- endfor -%}
        {%- set now = "cast('" ~ modules.datetime.datetime.now(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as "
            ~ dbt.type_timestamp() ~ ')' -%}
        {%- do record_invocation_start(now, newest_ping_at(), tojson(statuses)) -%}
        {%- set relation = invocation_table('dbt_invocations') -%}
        {%- do run_query(
            'create table if not exists ' ~ relation ~ ' (invocation_id ' ~ dbt.type_string()
            ~ ', completed_at ' ~ dbt.type_timestamp() ~ ')'
        ) -%}
        {%- do run_query('insert into ' ~ relation ~ " values ('" ~ invocation_id ~ "', " ~ now ~ ')') -%}
        {%- do adapter.commit() if adapter.commit is defined -%}
    {%- endif -%}
{% endmacro %}

{% macro record_invocation_start(completed_at='null', newest_ping_at='null', statuses='{}') %}
    {%- if execute and flags.WHICH in invocations_that_count() -%}
        {%- set relation, day = invocation_table('dbt_results'), invocation_day() -%}
        {%- set text, time = dbt.type_string(), dbt.type_timestamp() -%}
        {%- do run_query(
            'create table if not exists ' ~ relation ~ ' (invocation_id ' ~ text ~ ', command ' ~ text ~ ', began_at ' ~ time
            ~ ', completed_at ' ~ time ~ ', as_of ' ~ text ~ ', grain ' ~ text ~ ', newest_ping_at ' ~ time
            ~ ', statuses ' ~ text ~ ')'
        ) -%}
        {%- do run_query('delete from ' ~ relation ~ " where invocation_id = '" ~ invocation_id ~ "'") -%}
        {%- do run_query(
            'insert into ' ~ relation ~ " values ('" ~ invocation_id ~ "', '" ~ flags.WHICH ~ "', cast('"
            ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as " ~ time ~ '), ' ~ completed_at ~ ", '" ~ day ~ "', '"
            ~ var('grain', 'month') ~ "', " ~ newest_ping_at ~ ", '" ~ (statuses | replace("'", "''")) ~ "')"
        ) -%}
        {%- do adapter.commit() if adapter.commit is defined -%}
    {%- endif -%}
{% endmacro %}

{#- Commands that change or judge relations. The others write run_results.json, too, and say nothing about the marts. -#}
{% macro invocations_that_count() %}
    {{ return(['build', 'run', 'test', 'seed', 'snapshot', 'retry']) }}
{% endmacro %}

{#- A table beside the loader's own; its schema is made if need be. -#}
{% macro invocation_table(name) %}
    {%- set schema = target.schema ~ '_publish' -%}
    {%- do adapter.create_schema(api.Relation.create(database=target.database, schema=schema)) -%}
    {{ return(api.Relation.create(database=target.database, schema=schema, identifier=name)) }}
{% endmacro %}

{#- The day that the marts are of. -#}
{% macro invocation_day() %}
    {%- set wanted, today = var('as_of', none), run_started_at.date() -%}
    {%- set yesterday = today - modules.datetime.timedelta(days=1) -%}
    {{ return(yesterday | string if wanted == 'yesterday' else (wanted or today) | string) }}
{% endmacro %}

{#- When the newest ping of the leaves arrived, as far as the marts see, as SQL; null where there are none. -#}
{% macro newest_ping_at() %}
    {%- for node in graph.nodes.values() if node.name == 'base_service_ping__leaves' and node.resource_type == 'model' -%}
        {%- set leaves = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- if leaves -%}
            {%- set newest = run_query("select cast(max(received_at) as " ~ dbt.type_string() ~ ') from ' ~ leaves
                ~ " where key_path = '' and cast(received_at as date) <= cast('" ~ invocation_day() ~ "' as date)") -%}
            {%- if newest.rows[0][0] -%}
                {{ return("cast('" ~ newest.rows[0][0] ~ "' as " ~ dbt.type_timestamp() ~ ')') }}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('null') }}
{% endmacro %}
