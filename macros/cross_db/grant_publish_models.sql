{#- After a run: the loader's role (var loader_role) may read the publish models, and dim_instances to know whose label it
    brings back, and no other mart. A table that dbt has
    made anew has lost its grants, and a grant on the schema's future tables would show the loader every mart. -#}
{% macro grant_publish_models() %}
    {{ return(adapter.dispatch('grant_publish_models', 'customer_health')()) }}
{% endmacro %}

{% macro default__grant_publish_models() %}{% endmacro %}

{% macro snowflake__grant_publish_models() %}
    {%- if execute and var('loader_role', none) and flags.WHICH in ('build', 'run') -%}
        {%- for result in results if result.status == 'success' and result.node.resource_type == 'model'
            and (result.node.config.meta.get('publish') or result.node.name == 'dim_instances') -%}
            {%- do run_query(
                'grant select on table ' ~ result.node.relation_name ~ ' to role ' ~ var('loader_role')
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
