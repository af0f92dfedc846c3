{#- Descriptions become comments in the warehouse (`+persist_docs` in dbt_project.yml), where many people look. A DuckDB file is
    one person's: a statement for each of its four hundred columns would cost each build a second, and nobody would read them. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endmacro %}
