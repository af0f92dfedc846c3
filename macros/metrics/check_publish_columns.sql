{#- Every metric with a gainsight_field is in the usage contract under that field. (A column of the contract that no metric
    fills any more is dbt's own contract error.) -#}
{% macro check_publish_columns() %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == 'gainsight__instance_usage' -%}
        {%- set fields = node.config.meta.publish.fields -%}
        {%- for metric in customer_health.metric_registry() if metric.gainsight_field -%}
            {%- if fields.get(metric.name) != metric.gainsight_field -%}
                {{ exceptions.raise_compiler_error(
                    'metric model ' ~ metric.model ~ ' has the gainsight_field ' ~ metric.gainsight_field ~ ', but '
                    ~ node.original_file_path ~ ' says ' ~ fields.get(metric.name) ~ '; run `make registry`'
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
