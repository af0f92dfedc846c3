{#- on-run-end: a metric that was renamed or removed leaves its view behind. Dropped are views alone, named metric_*, in the
    schema of the metric models, that no model of the project makes. -#}
{% macro drop_stale_metric_views() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set wanted = [] -%}
        {%- set schemas = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name.startswith('metric_') -%}
            {%- do wanted.append(node.alias | lower) -%}
            {%- do schemas.append((node.database, node.schema)) if (node.database, node.schema) not in schemas -%}
        {%- endfor -%}
        {%- for database, schema in schemas -%}
            {%- for row in run_query(
                "select table_name from information_schema.tables where table_type = 'VIEW'"
                ~ " and lower(table_catalog) = lower('" ~ database ~ "') and lower(table_schema) = lower('" ~ schema ~ "')"
                ~ " and lower(table_name) like 'metric!_%' escape '!' order by table_name"
            ).rows if row[0] | lower not in wanted -%}
                {%- set view = api.Relation.create(database=database, schema=schema, identifier=row[0], type='view') -%}
                {{ log('dropped ' ~ view ~ ': no model makes it any more', info=true) }}
                {%- do adapter.drop_relation(view) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do adapter.commit() if adapter.commit is defined -%}
    {%- endif -%}
{% endmacro %}
