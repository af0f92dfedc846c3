{#- Seats of every subscription and period: for each number the first source of the seed seat_sources that knows it, be it the
    primary instance, the CRM (without a primary instance, too), or one that reports apart from pings. -#}
{%- set numbers = ['licensed_seats', 'activated_seats', 'umau'] -%}
with

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

reports as (

    {{ seat_reports() }}

),

own as (

    select
        eligibility.*,
        case
            when primary_instances.instance_id is not null then primary_instances.licensed_seats
            when eligibility.is_in_force then subscription_periods.seats
        end as licensed_seats,
        coalesce(primary_instances.licensed_seats_source, 'subscription') as licensed_seats_source,
        primary_instances.activated_seats,
        primary_instances.activated_seats_source,
        primary_instances.activated_seats_reason,
        primary_instances.unique_active,
        primary_instances.umau,
        primary_instances.umau_source,
        coalesce(primary_instances.seats_mismatch, false) as seats_mismatch
    from eligibility
    inner join {{ ref('int_subscription_periods') }} as subscription_periods
        on eligibility.original_subscription_id = subscription_periods.original_subscription_id
        and eligibility.period_start = subscription_periods.period_start
    left join {{ ref('int_primary_instances') }} as primary_instances
        on eligibility.original_subscription_id = primary_instances.original_subscription_id
        and eligibility.period_start = primary_instances.period_start

),

sourced as (

    {%- for number in numbers %}
    select original_subscription_id, period_start, '{{ number }}' as seat_number, {{ number }}_source as source,
        cast({{ number }} as double) as seats, cast(null as date) as reported_on
    from own
    union all
    {%- endfor %}
    select own.original_subscription_id, own.period_start, reports.seat_number, reports.source, reports.seats,
        reports.reported_on
    from reports
    inner join {{ ref('int_subscriptions_known') }} as versions
        on reports.subscription_id = versions.subscription_id
        and versions.is_latest
    inner join own
        on versions.original_subscription_id = own.original_subscription_id
        and {{ period_start('reports.reported_on') }} = own.period_start
        and reports.reported_on <= own.measurement_date
        and own.is_in_force

),

chosen as (

    select sourced.*
    from sourced
    inner join {{ ref('seat_sources') }} as sources
        on sourced.seat_number = sources.seat_number
        and sourced.source = sources.source
    where sourced.seats is not null
    qualify row_number() over (
        partition by sourced.original_subscription_id, sourced.period_start, sourced.seat_number
        order by sources.precedence, sourced.reported_on desc, sourced.seats desc
    ) = 1

),

seats as (

    select
        own.original_subscription_id,
        own.subscription_id,
        own.account_id,
        own.period_start,
        own.measurement_date,
        own.is_current,
        own.is_complete_period,
        own.months_since_start,
        own.end_date,
        own.primary_instance_id,
        {%- for number in numbers %}
        {{ number }}.seats as {{ number }},
        {{ number }}.source as {{ number }}_source,
        {%- endfor %}
        own.activated_seats_reason,
        own.unique_active,
        own.seats_mismatch,
        {%- for name, less in {
            'inactive_activated_seats': 'own.unique_active', 'seats_over_license': 'licensed_seats.seats'
        }.items() %}
        case when activated_seats.seats is not null and {{ less }} is not null
            then greatest(activated_seats.seats - {{ less }}, 0) end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from own
    {%- for number in numbers %}
    left join chosen as {{ number }}
        on own.original_subscription_id = {{ number }}.original_subscription_id
        and own.period_start = {{ number }}.period_start
        and {{ number }}.seat_number = '{{ number }}'
    {%- endfor %}

)

select * from seats
