{#- Members with a value, in every cell they belong to, in order. Who has no segment or no plan is in no cell of it. -#}
with

members as (

    select * from {{ ref('int_benchmark_members') }}
    where is_member

),

benchmark_values as (

    select * from {{ ref('int_benchmark_values') }}
    where own_value is not null

),

kinds as (

    select * from {{ ref('benchmark_cells') }}

),

celled as (

    select
        kinds.cell_kind,
        case when kinds.by_segment then members.segment else '' end as segment,
        case when kinds.by_plan then members.product_tier else '' end as product_tier,
        benchmark_values.benchmark,
        benchmark_values.period_start,
        benchmark_values.account_id,
        members.group_id,
        benchmark_values.own_value
    from benchmark_values
    inner join members
        on benchmark_values.account_id = members.account_id
    cross join kinds
    where (members.segment is not null or not kinds.by_segment)
        and (members.product_tier is not null or not kinds.by_plan)

),

ranked as (

    select
        *,
        row_number() over (
            partition by cell_kind, segment, product_tier, benchmark
            order by own_value, account_id
        ) as place,
        count(*) over (partition by cell_kind, segment, product_tier, benchmark) as accounts,
        count(*) over (partition by cell_kind, segment, product_tier, benchmark, group_id) as group_accounts
    from celled

)

select * from ranked
