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

newest as (

    select * from {{ ref('int_newest_versions') }}

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
