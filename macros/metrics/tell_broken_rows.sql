{#- on-run-end: what stands behind a failed test over many rows, words or metrics; dbt itself tells how many rows failed. -#}
{% macro tell_broken_rows() %}
    {%- for result in results if execute and result.status in ('fail', 'warn') and result.node.resource_type == 'test'
        and ' as problem' in (result.node.compiled_code or '') -%}
        {%- for row in run_query('select * from (' ~ result.node.compiled_code ~ ') as broken order by problem limit 5').rows -%}
            {%- set told = [] -%}
            {%- for name in row.keys() if row[name] is not none -%}
                {%- do told.append(name | lower ~ ' ' ~ row[name]) -%}
            {%- endfor -%}
            {{ log(result.node.name ~ ': ' ~ told | join(', '), info=true) }}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
