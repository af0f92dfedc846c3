{#- on-run-end: a key path that no period ping holds, though pings whose version and tier have the metric arrived, is
    probably mistyped. Where every ping is too old or of too low a tier, or the path was removed, nothing is said. -#}
{% macro warn_of_unheld_paths() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- for result in results if result.node.name == 'int_ping_metrics' and result.status == 'success' -%}
            {%- set unheld = run_query(customer_health.unheld_paths(result.node.relation_name)).rows -%}
            {%- if unheld | length -%}
                {%- set lines = [] -%}
                {%- for row in (unheld | list)[:10] -%}
                    {%- do lines.append('metric_' ~ row[0] ~ ': ' ~ row[1]) -%}
                {%- endfor -%}
                {%- do exceptions.warn(
                    unheld | length ~ ' key path(s) of metrics stand in no ping, though pings that should hold them arrived; '
                    ~ 'compare with a payload:\n  ' ~ lines | join('\n  ')
                    ~ ('\n  and ' ~ (unheld | length - 10) ~ ' more' if unheld | length > 10 else '')
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{#- The query, from the relation of int_ping_metrics and the two beside it. -#}
{% macro unheld_paths(ping_metrics) %}
    select
        paths.metric_name,
        paths.key_path
    from {{ customer_health.built_relation('int_metric_paths') }} as paths
    where paths.removed_major is null
        and paths.key_path not in (select key_path from {{ customer_health.built_relation('int_ping_values') }})
        and paths.metric_name in (
            select metric_name
            from {{ ping_metrics }}
            where value_reason = 'key_absent' or key_path is not null
        )
    order by paths.metric_name, paths.priority
{% endmacro %}

{#- Where a model of the project is, in a hook, which has no ref. -#}
{% macro built_relation(name) %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
    {%- endfor -%}
{% endmacro %}
