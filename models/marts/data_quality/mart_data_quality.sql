with

checks as (

    select * from {{ ref('data_quality_checks') }}

),

findings as (

    select
        source,
        finding,
        count(*) as affected
    from {{ ref('fct_input_findings') }}
    group by source, finding

),

current_period as (

    select period_start from {{ ref('int_periods') }}
    where is_current

),

counted_rows as (

    select 'accounts' as source, count(*) as row_count from {{ ref('base_crm__accounts') }}
    union all
    select 'subscriptions', count(*) from {{ ref('base_crm__subscriptions') }}
    union all
    select 'licenses', count(*) from {{ ref('base_crm__licenses') }}
    union all
    select 'objectives', count(*) from {{ ref('base_crm__objectives') }}
    union all
    select 'instance_labels', count(*) from {{ ref('base_gainsight__instance_labels') }}
    union all
    select 'excluded_pings', count(*) from {{ ref('base_service_ping__excluded_pings') }}
    union all
    select 'service_pings', count(*) from {{ ref('stg_service_ping__pings') }}

),

counted as (

    select * from {{ ref('int_data_quality_pings') }}
    union all
    select * from {{ ref('int_data_quality_licenses') }}
    union all
    select
        current_period.period_start,
        '{{ known('data_quality_check', 'input_finding') }}',
        findings.source || '.' || findings.finding,
        findings.affected,
        greatest(findings.affected, coalesce(counted_rows.row_count, 0))
    from findings
    cross join current_period
    left join counted_rows
        on findings.source = counted_rows.source

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
