{#- Each account in the narrowest of its cells that may be shown. Nobody is shown others without taking part. -#}
with

members as (

    select * from {{ ref('int_benchmark_members') }}

),

benchmarks as (

    select * from {{ ref('benchmark_measures') }}

),

benchmark_values as (

    select * from {{ ref('int_benchmark_values') }}

),

cells as (

    select
        cells.*,
        kinds.place
    from {{ ref('int_benchmark_cells') }} as cells
    inner join {{ ref('benchmark_cells') }} as kinds
        on cells.cell_kind = kinds.cell_kind
    where cells.withheld_reason is null

),

periods as (

    select max(period_start) as period_start from benchmark_values

),

offered as (

    select
        members.account_id,
        benchmarks.benchmark,
        cells.cell_kind,
        cells.segment,
        cells.product_tier,
        cells.lower_quartile,
        cells.median,
        cells.upper_quartile,
        row_number() over (partition by members.account_id, benchmarks.benchmark order by cells.place) as choice
    from members
    cross join benchmarks
    inner join cells
        on benchmarks.benchmark = cells.benchmark
        and cells.segment in ('', members.segment)
        and cells.product_tier in ('', members.product_tier)
    where members.is_member

),

peer_benchmarks as (

    select
        members.account_id,
        benchmarks.benchmark,
        benchmarks.label,
        benchmarks.place,
        benchmarks.value_format,
        periods.period_start,
        members.is_member,
        benchmark_values.own_value,
        case
            when benchmark_values.account_id is null then 'no_active_subscription'
            else benchmark_values.own_missing_reason
        end as own_missing_reason,
        offered.cell_kind,
        nullif(offered.segment, '') as segment,
        nullif(offered.product_tier, '') as product_tier,
        offered.lower_quartile,
        offered.median,
        offered.upper_quartile,
        case
            when not members.is_member then 'not_taking_part'
            when offered.account_id is null then 'too_few_peers'
        end as peers_missing_reason
    from members
    cross join benchmarks
    cross join periods
    left join benchmark_values
        on members.account_id = benchmark_values.account_id
        and benchmarks.benchmark = benchmark_values.benchmark
    left join offered
        on members.account_id = offered.account_id
        and benchmarks.benchmark = offered.benchmark
        and offered.choice = 1

)

select * from peer_benchmarks
