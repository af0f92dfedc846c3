with

excluded_pings as (

    select * from {{ raw_rows(source('service_ping', 'excluded_pings')) }}

),

cleaned as (

    select
        {{ clean_id('ping_id') }} as ping_id,
        min({{ clean_text('reason') }}) as reason
    from excluded_pings
    where {{ clean_id('ping_id') }} is not null
    group by {{ clean_id('ping_id') }}

)

select * from cleaned
