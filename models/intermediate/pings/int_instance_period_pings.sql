{#- The ping that stands for an instance in a period: the last one received in it (docs/rules.md 1). -#}
with

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null

),

standing as (

    select
        *,
        count(*) over (partition by instance_id, period_start) as ping_count
    from pings
    qualify row_number() over (
        partition by instance_id, period_start
        order by received_at desc, recorded_at desc nulls last, ping_id desc
    ) = 1

)

select * from standing
