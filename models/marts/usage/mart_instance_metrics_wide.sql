{%- set names = metric_names() -%}
with

metric_values as (

    select * from {{ ref('fct_metric_values') }}

),

wide as (

    select
        instance_id,
        period_start
        {%- for name in names %},
        max(case when metric_name = '{{ name }}' then metric_value end) as {{ name }}
        {%- endfor %}
    from metric_values
    group by instance_id, period_start

)

select * from wide
