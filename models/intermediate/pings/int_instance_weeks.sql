{#- Weeks whatever the grain is: of all pings that count, not of the periods' own. -#}
with

pings as (

    select
        *,
        {{ week_start('ping_date') }} as week_start
    from {{ ref('int_pings') }}
    where exclusion is null

),

numbers as (

    {{ dbt.generate_series(2000) }}

),

weeks as (

    select {{ days_later(week_start(as_of()), 'cast(7 * (1 - generated_number) as integer)') }} as week_start
    from numbers

),

week_pings as (

    {#- The last ping received in a week is the one that counts for its instance there (docs/rules.md 1). #}
    select
        *,
        count(*) over (partition by instance_id, week_start) as week_ping_count
    from pings
    qualify row_number() over (
        partition by instance_id, week_start
        order by received_at desc, recorded_at desc nulls last, ping_id desc
    ) = 1

),

first_weeks as (

    select
        instance_id,
        min(week_start) as first_week_start
    from week_pings
    group by instance_id

),

spine as (

    select
        first_weeks.instance_id,
        weeks.week_start,
        week_pings.ping_id,
        max(case when week_pings.ping_id is not null then weeks.week_start end) over (
            partition by first_weeks.instance_id
            order by weeks.week_start
            rows between unbounded preceding and current row
        ) as last_ping_week_start
    from first_weeks
    inner join weeks
        on first_weeks.first_week_start <= weeks.week_start
    left join week_pings
        on first_weeks.instance_id = week_pings.instance_id
        and weeks.week_start = week_pings.week_start

),

instance_weeks as (

    select
        spine.instance_id,
        spine.week_start,
        {{ days_later('spine.week_start', 6) }} <= {{ as_of() }} as is_complete_week,
        spine.ping_id,
        latest.account_id,
        case when spine.ping_id is not null then latest.week_ping_count else 0 end as ping_count,
        case when spine.ping_id is not null then latest.received_at end as last_ping_at,
        case when spine.ping_id is not null then latest.version end as version,
        latest.version_major,
        latest.version_minor,
        latest.tier_rank
    from spine
    inner join week_pings as latest
        on spine.instance_id = latest.instance_id
        and spine.last_ping_week_start = latest.week_start

)

select * from instance_weeks
