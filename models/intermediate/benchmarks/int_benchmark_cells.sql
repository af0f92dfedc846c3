{#- Which cells may be shown: enough accounts, no group with too much of them, and no quartile that any one account moves by
    more than it is rounded by. -#}
{%- set quartiles = ['lower_quartile', 'median', 'upper_quartile'] -%}
with

quartiles as (

    select * from {{ ref('int_benchmark_quartiles') }}

),

benchmarks as (

    select * from {{ ref('benchmark_measures') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

rounded as (

    select
        quartiles.*,
        {#- Divided by how many steps make a whole, so that 7 steps of a twentieth are 0.35 and nothing beside it. #}
        round(quartiles.quartile_value * benchmarks.steps_of_one) / nullif(benchmarks.steps_of_one, 0) as shown_value,
        greatest(
            quartiles.most_without_one - quartiles.quartile_value, quartiles.quartile_value - quartiles.least_without_one
        ) * benchmarks.steps_of_one as steps_moved
    from quartiles
    inner join benchmarks
        on quartiles.benchmark = benchmarks.benchmark

),

cells as (

    select
        rounded.cell_kind,
        rounded.segment,
        rounded.product_tier,
        rounded.benchmark,
        rounded.period_start,
        max(rounded.accounts) as accounts,
        {%- for quartile in quartiles %}
        max(case when rounded.quartile = '{{ quartile }}' then rounded.shown_value end) as {{ quartile }},
        {%- endfor %}
        case
            when max(rounded.accounts) < max(settings.benchmark_min_accounts) then 'too_few_accounts'
            when max(rounded.largest_group) > max(settings.benchmark_max_group_share) * max(rounded.accounts)
                then 'one_group'
            when max(rounded.steps_moved) > 1 then 'one_account'
        end as withheld_reason
    from rounded
    cross join settings
    group by
        rounded.cell_kind, rounded.segment, rounded.product_tier, rounded.benchmark, rounded.period_start

)

select * from cells
