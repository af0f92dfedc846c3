{#- Findings about the rows of a base model. For each name in `columns` the model has <name>_finding, null where all is well,
    and <name>_text, what the file says; 'row' stands for the row as a whole. One select per name, to be united: `rows` is a CTE,
    for the file is read by a view, and would be read for each of them. -#}
{% macro column_findings(rows, source, columns) -%}
    {%- for column in columns %}
    select
        '{{ source }}' as source,
        row_key,
        {% if column == 'row' %}row_column{% else %}'{{ column }}'{% endif %} as column_name,
        {{ column }}_finding as finding,
        {{ column }}_text as value
    from {{ rows }}
    where {{ column }}_finding is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- The six columns of fct_input_findings: `found` (source, row_key, column_name, finding, value) with `kinds` (the seed
    finding_kinds) beside it. -#}
{% macro told_findings(found, kinds) -%}
    select distinct
        {{ found }}.source,
        {{ customer_health.without_address("coalesce(" ~ found ~ ".row_key, '')") }} as row_key,
        coalesce({{ found }}.column_name, '') as column_name,
        {{ found }}.finding,
        {{ kinds }}.effect,
        replace(
            replace({{ kinds }}.message, '{column}', coalesce({{ found }}.column_name, '')),
            '{value}', {{ customer_health.without_address("coalesce(" ~ found ~ ".value, '')") }}
        ) as message
    from {{ found }}
    left join {{ kinds }}
        on {{ found }}.finding = {{ kinds }}.finding
{%- endmacro %}

{#- Text of the input as it may be shown: what holds an @ may be somebody's address. -#}
{% macro without_address(expression) -%}
    case when {{ expression }} like '%@%' then '(not shown: it holds an @)' else {{ expression }} end
{%- endmacro %}
