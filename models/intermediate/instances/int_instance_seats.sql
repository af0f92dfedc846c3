{#- Seats and active users of every instance and period: for each number the first source of the seed seat_sources that knows
    it. The four user numbers never fill in for one another unless the seed says so. -#}
{%- set unique_active = known('metric', 'unique_active_28_days_user') -%}
{%- set ping_seats = known('metric', 'licensed_seats_ping') -%}
with

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

sources as (

    select * from {{ ref('seat_sources') }}

),

metric_values as (

    select * from {{ ref('int_metric_values') }}

),

sourced as (

    select
        metric_values.instance_id,
        metric_values.period_start,
        sources.seat_number,
        sources.source,
        sources.precedence,
        metric_values.metric_value as seats,
        metric_values.value_reason
    from metric_values
    inner join sources
        on metric_values.metric_name = sources.metric_name
    {%- for source in ['subscription', 'license'] %}
    union all
    select
        instance_periods.instance_id,
        instance_periods.period_start,
        sources.seat_number,
        sources.source,
        sources.precedence,
        cast(instance_periods.{{ source }}_seats as double),
        case when instance_periods.{{ source }}_seats is null then 'seats_unknown' end
    from instance_periods
    inner join sources
        on sources.source = '{{ source }}'
    {%- endfor %}

),

chosen as (

    select * from sourced
    qualify row_number() over (
        partition by instance_id, period_start, seat_number
        order by case when seats is null then 1 else 0 end, precedence
    ) = 1

),

pivoted as (

    select
        instance_id,
        period_start
        {%- for number in ['licensed_seats', 'activated_seats', 'umau'] %},
        max(case when seat_number = '{{ number }}' then seats end) as {{ number }},
        max(case when seat_number = '{{ number }}' and seats is not null then source end) as {{ number }}_source,
        max(case when seat_number = '{{ number }}' then value_reason end) as {{ number }}_reason
        {%- endfor %}
    from chosen
    group by instance_id, period_start

),

pinged as (

    select
        instance_id,
        period_start,
        max(case when metric_name = '{{ unique_active }}' then metric_value end) as unique_active,
        max(case when metric_name = '{{ ping_seats }}' then metric_value end) as licensed_seats_ping
    from metric_values
    where metric_name in ('{{ unique_active }}', '{{ ping_seats }}')
    group by instance_id, period_start

),

seats as (

    select
        instance_periods.*,
        pivoted.licensed_seats,
        pivoted.licensed_seats_source,
        pivoted.activated_seats,
        pivoted.activated_seats_source,
        pivoted.activated_seats_reason,
        pivoted.umau,
        pivoted.umau_source,
        pinged.unique_active,
        pinged.licensed_seats_ping is not null and pinged.licensed_seats_ping != pivoted.licensed_seats
            as seats_mismatch,
        {{ ratio('pivoted.activated_seats', 'pivoted.licensed_seats') }} as activated_share,
        {{ ratio('pivoted.umau', 'pivoted.licensed_seats') }} as active_share
    from instance_periods
    left join pivoted
        on instance_periods.instance_id = pivoted.instance_id
        and instance_periods.period_start = pivoted.period_start
    left join pinged
        on instance_periods.instance_id = pinged.instance_id
        and instance_periods.period_start = pinged.period_start

)

select * from seats
