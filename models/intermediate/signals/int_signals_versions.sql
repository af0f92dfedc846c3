{#- Primary instances whose major release was left behind by the newest one that others run. -#}
with

rules as (

    select * from {{ ref('signal_rules') }}
    where signal = '{{ known('signal', 'version_behind') }}'

),

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

releases as (

    {#- A release counts as out when more than the odd instance runs it or a newer one. #}
    select
        period_start,
        version_major,
        sum(count(*)) over (partition by period_start order by version_major desc) as on_it_or_newer,
        sum(count(*)) over (partition by period_start) as reporting
    from instance_periods
    where ping_id is not null and version_major is not null
    group by period_start, version_major

),

newest as (

    select
        releases.period_start,
        max(releases.version_major) as version_major
    from releases
    cross join settings
    where releases.on_it_or_newer >= settings.newest_version_min_share * releases.reporting
    group by releases.period_start

),

raised as (

    select
        eligibility.account_id,
        eligibility.period_start,
        rules.signal,
        case when primaries.hostname = '' then primaries.uuid else primaries.hostname end as subject,
        primaries.instance_id as subject_key,
        cast(null as double) as previous_value,
        cast(newest.version_major - primaries.version_major as double) as current_value
    from eligibility
    inner join instance_periods as primaries
        on eligibility.primary_instance_id = primaries.instance_id
        and eligibility.period_start = primaries.period_start
    inner join newest
        on eligibility.period_start = newest.period_start
    inner join rules
        on newest.version_major - primaries.version_major >= rules.limit_value
        and eligibility.months_since_start >= rules.min_age_months
    where eligibility.is_in_force

)

select * from raised
