{% test grain_and_values(model, columns, filled=[], allowed={}, reasons=[]) %}
{#- The stated grain, as unique_grain has it, and what other columns hold: `filled` are never null, `allowed` have nothing but
    these words or null, `reasons` only words of the seed value_statuses. One test a model, for each costs dbt some 30 ms. What
    is wrong stands in `problem`, and is told at the run's end. -#}
with

known_reasons as (

    {%- if reasons %}
    select value_reason from {{ ref('value_statuses') }}
    where value_reason is not null
    {%- else %}
    select '' as value_reason
    {%- endif %}

),

judged as (

    {{ customer_health.judged_rows(model, columns, filled, allowed) | indent(4) }}
    {%- for column in reasons %}
    union all
    select
        {{ columns | join(', ') }},
        1 as row_count,
        '{{ column }} is ' || {{ column }} || ', which the seed value_statuses lacks' as problem
    from {{ model }}
    where {{ column }} not in (select value_reason from known_reasons)
    {%- endfor %}

)

select * from judged
where problem is not null
{% endtest %}

{#- The rows of a relation by its grain, and what is wrong with them in `problem`: null where nothing is. -#}
{% macro judged_rows(relation, columns, filled=[], allowed={}) -%}
select
    {{ columns | join(', ') }},
    count(*) as row_count,
    case
        when count(*) > 1 then 'more than one row of ({{ columns | join(', ') }})'
        {%- for column in columns %}
        when {{ column }} is null then '{{ column }} is null'
        {%- endfor %}
        {%- for column in filled %}
        when count({{ column }}) < count(*) then '{{ column }} is null'
        {%- endfor %}
        {%- for column, words in allowed.items() %}
        {%- set other = "case when " ~ column ~ " not in ('" ~ words | join("', '") ~ "') then " ~ column ~ " end" %}
        when count({{ other }}) > 0 then '{{ column }} is ' || max({{ other }}) || ', not one of {{ words | join(", ") }}'
        {%- endfor %}
    end as problem
from {{ relation }}
group by {{ columns | join(', ') }}
{%- endmacro %}
