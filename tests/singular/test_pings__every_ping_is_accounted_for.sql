-- Every ping of every file is in exactly one place: used (it stands for its instance and period), superseded by a later
-- one of the same period, listed in fct_unmapped_pings with a reason, or found to have arrived after as_of. Lines that could not be read have no
-- ping_id and are in quarantined_pings instead. And the instances' ping counts lose none.
with

leaves as (

    select * from {{ ref('base_service_ping__leaves') }}
    where key_path = '' and ping_id is not null

),

period_pings as (

    select * from {{ ref('int_pings') }}
    where is_period_ping

),

mapped_pings as (

    select * from {{ ref('int_pings') }}
    where unmapped_reason is null

),

unmapped_pings as (

    select * from {{ ref('fct_unmapped_pings') }}

),

later_pings as (

    select * from {{ ref('fct_input_findings') }}
    where finding = 'after_as_of'

),

activity as (

    select * from {{ ref('fct_instance_activity') }}

),

raw_pings as (

    select distinct ping_id
    from leaves

),

places as (

    select ping_id, 'used' as place
    from period_pings
    where unmapped_reason is null
    union all
    select mapped_pings.ping_id, 'superseded'
    from mapped_pings
    inner join period_pings
        on mapped_pings.instance_id = period_pings.instance_id
        and mapped_pings.period_start = period_pings.period_start
        and mapped_pings.ping_id != period_pings.ping_id
        and mapped_pings.received_at <= period_pings.received_at
    union all
    select ping_id, 'unmapped'
    from unmapped_pings
    union all
    select row_key, 'after as_of'
    from later_pings

),

misplaced as (

    select
        coalesce(raw_pings.ping_id, places.ping_id) as ping_id,
        count(raw_pings.ping_id) as raw_pings,
        count(places.place) as found_places
    from raw_pings
    full outer join places
        on raw_pings.ping_id = places.ping_id
    group by coalesce(raw_pings.ping_id, places.ping_id)
    having count(raw_pings.ping_id) != 1 or count(places.place) != 1

),

counted as (

    select
        (select count(*) from raw_pings) as raw_pings,
        (select coalesce(sum(ping_count), 0) from activity)
        + (
            select count(*) from unmapped_pings
            where unmapped_reason in ('invalid', 'excluded', 'internal')
        )
        + (select count(*) from later_pings) as found_pings

),

unaccounted as (

    select ping_id, raw_pings, found_places from misplaced
    union all
    select 'all pings', raw_pings, found_pings from counted
    where raw_pings != found_pings

)

select * from unaccounted
