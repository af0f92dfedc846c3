{#- Instances that report and have no type: nobody labelled them, so nothing of theirs is scored. -#}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

instance_seats as (

    select * from {{ ref('int_instance_seats') }}

),

types as (

    select * from {{ ref('int_instance_types') }}

),

account_periods as (

    select * from {{ ref('int_account_periods') }}
    where not is_standing

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

revenue as (

    select
        account_id,
        period_start,
        sum(case when is_in_force then arr end) as arr
    from eligibility
    group by account_id, period_start

),

unlabelled as (

    select
        seats.account_id,
        seats.period_start,
        case when seats.hostname = '' then seats.uuid else seats.hostname end as subject,
        count(*) over (partition by seats.account_id, seats.period_start) as instance_count,
        count(case when types.suggested_instance_type in ('Production', 'Unknown') then 1 end) over (
            partition by seats.account_id, seats.period_start
        ) as possible_production_count
    from instance_seats as seats
    inner join types
        on seats.instance_id = types.instance_id
        and seats.period_start = types.period_start
    {#- An account without a subscription so far has no row of health that the signal could stand beside. #}
    inner join account_periods
        on seats.account_id = account_periods.account_id
        and seats.period_start = account_periods.period_start
    where types.instance_type = 'Unknown' and seats.account_id is not null
        {#- That it did not report yet in an open period does not give it a type. #}
        and (seats.ping_id is not null
            or (not seats.is_complete_period and seats.last_ping_period_start = seats.previous_period_start))
    qualify row_number() over (
        partition by seats.account_id, seats.period_start
        order by coalesce(seats.activated_seats, seats.umau) desc nulls last, seats.instance_id
    ) = 1

),

raised as (

    select
        account_id,
        period_start,
        '{{ known('signal', 'unlabelled_instance') }}' as signal,
        subject,
        account_id as subject_key,
        cast(null as double) as previous_value,
        cast(instance_count as double) as current_value
    from unlabelled
    union all
    select
        unlabelled.account_id,
        unlabelled.period_start,
        rules.signal,
        unlabelled.subject,
        unlabelled.account_id as subject_key,
        cast(null as double) as previous_value,
        cast(revenue.arr as double) as current_value
    from unlabelled
    inner join revenue
        on unlabelled.account_id = revenue.account_id
        and unlabelled.period_start = revenue.period_start
    inner join rules
        on rules.signal = '{{ known('signal', 'unlabelled_large_account') }}'
        and revenue.arr >= rules.limit_value
    where unlabelled.possible_production_count > 0

)

select * from raised
