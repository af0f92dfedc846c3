{#- The groups of the score, in the order of the seed score_groups, as the committed list has them: a seed cannot be read
    while columns are made of it. -#}
{% macro score_group_names() %}
    {%- set names = [] -%}
    {%- for line in customer_health.score_groups().split('\n') if line | trim -%}
        {%- do names.append(line | trim) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}

{#- After the seed is loaded: its groups are those of the list, and each has its columns in every contract with scores. -#}
{% macro check_score_groups(relation) %}
    {%- set held = run_query('select score_group from ' ~ relation ~ ' order by 1').columns[0].values() | list -%}
    {%- if held != customer_health.score_group_names() | sort -%}
        {{ exceptions.raise_compiler_error(
            'seeds/score_groups.csv has the groups ' ~ held | join(', ') ~ ', and macros/_generated/score_groups.sql has '
            ~ customer_health.score_group_names() | sort | join(', ') ~ '; run `make registry`'
        ) }}
    {%- endif -%}
{% endmacro %}

{#- on-run-start: a contract that has the scores of more groups than seats have has those of all, and a field for each where it
    is published. -#}
{% macro check_score_columns() %}
    {%- set wanted = [] -%}
    {%- for group in customer_health.score_group_names() -%}
        {%- do wanted.append(group ~ '_score') -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.contract.enforced -%}
        {%- if node.columns.keys() | select('in', wanted) | list | length > 2 -%}
            {%- set fields = (node.config.meta.get('publish') or {}).get('fields', node.columns) -%}
            {%- for column in wanted if column not in node.columns or column not in fields -%}
                {{ exceptions.raise_compiler_error(
                    node.patch_path.split('://')[-1] ~ ' lacks ' ~ column ~ ', the score of a group of seeds/score_groups.csv; '
                    ~ 'run `make registry`'
                ) }}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
