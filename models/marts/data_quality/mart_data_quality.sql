with

checks as (

    select * from {{ ref('data_quality_checks') }}

),

counted as (

    select * from {{ ref('int_data_quality_pings') }}
    union all
    select * from {{ ref('int_data_quality_licenses') }}
    union all
    select * from {{ ref('int_data_quality_findings') }}
    union all
    select * from {{ ref('int_data_quality_freshness') }}

),

shared as (

    select
        counted.period_start,
        counted.check_name,
        counted.subject,
        counted.affected,
        counted.total,
        {{ shown_ratio(ratio('counted.affected', 'counted.total')) }} as share,
        checks.meaning,
        checks.drill_down
    from counted
    inner join checks
        on counted.check_name = checks.check_name

)

select * from shared
