{#- DuckDB's catalogue is part of a transaction: tables and views are made anew under their own name, and who reads meanwhile, or
    comes after a build that failed, has the old one. The adapter makes them beside it, renames two and drops one: that was a
    sixth of what a node of dbt costs (docs/optimisations.md). For models without indexes and foreign keys. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set wanted = this.incorporate(type='table') -%}
    {%- do customer_health.make_room(wanted, pre_hooks) -%}
    {%- call statement('main', language=model.language) -%}
        {{- create_table_as(false, wanted, compiled_code, model.language) }}
    {%- endcall -%}
    {{ return(customer_health.made_anew(wanted, post_hooks)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set wanted = this.incorporate(type='view') -%}
    {%- do customer_health.make_room(wanted, pre_hooks) -%}
    {%- call statement('main') -%} {{- create_view_as(wanted, sql) }} {%- endcall -%}
    {{ return(customer_health.made_anew(wanted, post_hooks)) }}
{% endmaterialization %}

{#- Drops what stands there; this begins the transaction. -#}
{% macro make_room(wanted, pre_hooks) %}
    {%- set existing = load_cached_relation(wanted) -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- if existing -%}
        {%- call statement('drop_existing') -%} drop {{ existing.type }} if exists {{ existing }} {%- endcall -%}
        {%- do adapter.cache_dropped(existing) if existing.type != wanted.type -%}
    {%- endif -%}
{% endmacro %}

{% macro made_anew(wanted, post_hooks) %}
    {%- do persist_docs(wanted, model) -%}
    {%- do run_hooks(post_hooks) -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [wanted]}) }}
{% endmacro %}
