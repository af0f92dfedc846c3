with

seats as (

    select * from {{ ref('int_instance_seats') }}

),

types as (

    select * from {{ ref('int_instance_types') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

expectations as (

    select
        seats.instance_id,
        seats.period_start,
        avg(earlier.umau) as expected_active_users,
        count(earlier.umau) as baseline_periods
    from seats
    cross join settings
    inner join seats as earlier
        on seats.instance_id = earlier.instance_id
        and seats.umau_source = earlier.umau_source
        and earlier.period_start < seats.period_start
        and earlier.period_start
        >= {{ periods_later('seats.period_start', '-cast(settings.activity_baseline_periods as integer)') }}
    group by seats.instance_id, seats.period_start

),

compared as (

    select
        seats.*,
        types.instance_type,
        types.instance_type_source,
        types.suggested_instance_type,
        previous.umau as previous_active_users,
        expectations.expected_active_users,
        coalesce(expectations.baseline_periods, 0) as baseline_periods,
        (seats.umau - expectations.expected_active_users) / nullif(expectations.expected_active_users, 0)
            as change_against_expectation,
        settings.activity_tolerance
    from seats
    cross join settings
    inner join types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    left join seats as previous
        on seats.instance_id = previous.instance_id
        and seats.previous_period_start = previous.period_start
    left join expectations
        on seats.instance_id = expectations.instance_id
        and seats.period_start = expectations.period_start

),

activity as (

    select
        instance_id,
        period_start,
        is_complete_period,
        account_id,
        subscription_id,
        original_subscription_id,
        instance_type,
        instance_type_source,
        suggested_instance_type,
        ping_count,
        last_ping_at,
        version,
        licensed_seats,
        licensed_seats_source,
        seats_mismatch,
        activated_seats,
        umau as active_users,
        umau_source as active_users_source,
        umau - previous_active_users as active_users_change,
        expected_active_users,
        baseline_periods,
        {{ shown_ratio('change_against_expectation') }} as change_against_expectation,
        case
            when ping_id is null then 'not_reporting'
            when change_against_expectation is null then 'no_baseline'
            when change_against_expectation <= -activity_tolerance then 'below_expectation'
            when change_against_expectation >= activity_tolerance then 'above_expectation'
            else 'as_expected'
        end as activity_status
    from compared

)

select * from activity
