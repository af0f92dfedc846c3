{#- Every row of the file as it stands, with what keeps it out, if anything. -#}
with

excluded_pings as (

    select * from {{ raw_rows(source('service_ping', 'excluded_pings')) }}

),

cleaned as (

    select
        {{ clean_id('ping_id') }} as ping_id,
        {{ clean_text('reason') }} as reason
    from excluded_pings

),

numbered as (

    select
        *,
        coalesce(ping_id, 'reason ' || reason, '') as row_key,
        row_number() over (
            partition by coalesce(ping_id, 'reason ' || reason, '') order by reason nulls last
        ) as copy_number
    from cleaned

),

judged as (

    select
        *,
        'ping_id' as row_column,
        case
            when ping_id is null then 'id_missing'
            when copy_number > 1 then 'duplicate_id'
        end as row_finding,
        reason as row_text
    from numbered

)

select * from judged
