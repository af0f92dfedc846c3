with

pings as (

    select * from {{ ref('int_pings') }}
    where is_period_ping

),

periods as (

    select * from {{ ref('int_periods') }}

),

subscription_periods as (

    select * from {{ ref('int_subscription_periods') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

first_pings as (

    select
        instance_id,
        min(period_start) as first_period_start
    from pings
    group by instance_id

),

spine as (

    select
        first_pings.instance_id,
        periods.period_start,
        periods.previous_period_start,
        periods.measurement_date,
        periods.is_current,
        periods.is_complete_period,
        pings.ping_id,
        max(case when pings.ping_id is not null then periods.period_start end) over (
            partition by first_pings.instance_id
            order by periods.period_start
            rows between unbounded preceding and current row
        ) as last_ping_period_start
    from first_pings
    inner join periods
        on first_pings.first_period_start <= periods.period_start
    left join pings
        on first_pings.instance_id = pings.instance_id
        and periods.period_start = pings.period_start

),

instance_periods as (

    select
        spine.instance_id,
        spine.period_start,
        spine.previous_period_start,
        spine.measurement_date,
        spine.is_current,
        spine.is_complete_period,
        spine.ping_id,
        spine.last_ping_period_start,
        spine.ping_id is null
        and not spine.is_complete_period
        and {{ days_between('cast(latest.received_at as date)', as_of()) }} <= settings.awaited_days as is_awaited,
        latest.uuid,
        latest.hostname,
        latest.original_subscription_id,
        coalesce(subscription_periods.subscription_id, latest.subscription_id) as subscription_id,
        coalesce(subscription_periods.account_id, latest.account_id) as account_id,
        coalesce(subscription_periods.is_in_force, false) as is_in_force,
        coalesce(subscription_periods.is_in_force, false) and latest.is_in_force as is_scorable,
        case when spine.ping_id is not null then latest.ping_count else 0 end as ping_count,
        case when spine.ping_id is not null then latest.received_at end as last_ping_at,
        case when spine.ping_id is not null then latest.version end as version,
        latest.version_major,
        latest.version_minor,
        latest.tier,
        latest.tier_rank,
        latest.trial_tier_rank,
        case
            when spine.ping_id is not null then latest.subscription_seats
            when subscription_periods.is_in_force then subscription_periods.seats
        end as subscription_seats,
        case when spine.ping_id is not null then latest.license_seats end as license_seats
    from spine
    cross join settings
    inner join pings as latest
        on spine.instance_id = latest.instance_id
        and spine.last_ping_period_start = latest.period_start
    left join subscription_periods
        on latest.original_subscription_id = subscription_periods.original_subscription_id
        and spine.period_start = subscription_periods.period_start

)

select * from instance_periods
