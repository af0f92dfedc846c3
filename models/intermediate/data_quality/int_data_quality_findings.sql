{#- In the current period, for each source and finding: how often it was found, in how many rows. -#}
with

findings as (

    select * from {{ ref('int_input_findings') }}

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
    select 'service_pings', count(*) from {{ ref('stg_service_ping__pings') }}

),

concerned as (

    select
        source,
        finding,
        count(*) as affected
    from findings
    group by source, finding

),

counted as (

    select
        current_period.period_start,
        '{{ known('data_quality_check', 'input_finding') }}' as check_name,
        concerned.source || '.' || concerned.finding as subject,
        concerned.affected,
        greatest(concerned.affected, coalesce(counted_rows.row_count, 0)) as total
    from concerned
    cross join current_period
    left join counted_rows
        on concerned.source = counted_rows.source

)

select * from counted
