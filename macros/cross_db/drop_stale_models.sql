{#- on-run-end: a model that was renamed, merged or removed leaves its relation behind, which nobody makes anew. Dropped are
    views named metric_* (those of metrics: metric_views.sql) and tables and views named int_*, in the schemas of these models,
    that are no model of the project. Staging, marts and snapshots are never dropped: they hold what people read, or cannot be
    made again. -#}
{% macro drop_stale_models() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set wanted = [] -%}
        {%- set schemas = [] -%}
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and (node.name.startswith('metric_') or node.name.startswith('int_')) -%}
            {%- do wanted.append((node.schema ~ '.' ~ node.alias) | lower) -%}
            {%- do schemas.append((node.database, node.schema)) if (node.database, node.schema) not in schemas -%}
        {%- endfor -%}
        {%- for database, schema in schemas -%}
            {%- for row in run_query(
                "select table_name, table_type from information_schema.tables"
                ~ " where lower(table_catalog) = lower('" ~ database ~ "') and lower(table_schema) = lower('" ~ schema ~ "')"
                ~ " and (lower(table_name) like 'int!_%' escape '!'"
                ~ " or table_type = 'VIEW' and lower(table_name) like 'metric!_%' escape '!')"
                ~ " order by table_name"
            ).rows if (schema ~ '.' ~ row[0]) | lower not in wanted -%}
                {%- set relation = api.Relation.create(
                    database=database, schema=schema, identifier=row[0], type='view' if row[1] == 'VIEW' else 'table'
                ) -%}
                {{ log('dropped ' ~ relation ~ ': no model makes it any more', info=true) }}
                {%- do adapter.drop_relation(relation) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do adapter.commit() if adapter.commit is defined -%}
    {%- endif -%}
{% endmacro %}
