{#- on-run-end: a view by the name of each metric, for people who look at one. The models read the metrics' SQL (they are
    ephemeral), so these views are of fct_metric_values, and one that stands is not made again. -#}
{% macro metric_views() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | list -%}
        {%- set facts = nodes | selectattr('name', 'equalto', 'fct_metric_values') | first -%}
        {%- set metrics = [] -%}
        {%- for node in nodes if node.name.startswith('metric_') and node.config.materialized == 'ephemeral' -%}
            {%- do metrics.append(node) -%}
        {%- endfor -%}
        {%- set values = adapter.get_relation(facts.database, facts.schema, facts.alias) -%}
        {%- if values and metrics -%}
            {%- set schema = api.Relation.create(database=metrics[0].database, schema=metrics[0].schema) -%}
            {%- do adapter.create_schema(schema) -%}
            {%- set standing = run_query(
                "select lower(table_name) from information_schema.views"
                ~ " where lower(table_catalog) = lower('" ~ schema.database ~ "')"
                ~ " and lower(table_schema) = lower('" ~ schema.schema ~ "')"
                ~ " and lower(view_definition) like '%fct!_metric!_values%' escape '!'"
            ).columns[0].values() -%}
            {%- for metric in metrics if metric.alias | lower not in standing -%}
                {%- do run_query(
                    "create or replace view " ~ api.Relation.create(
                        database=metric.database, schema=metric.schema, identifier=metric.alias
                    ) ~ " as select instance_id, period_start, metric_value, value_status, value_reason from " ~ values
                    ~ " where metric_name = '" ~ metric.name[7:] ~ "'"
                ) -%}
            {%- endfor -%}
            {%- do adapter.commit() if adapter.commit is defined -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
