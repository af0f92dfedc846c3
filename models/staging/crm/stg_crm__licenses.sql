with

licenses as (

    select * from {{ raw_rows(source('crm', 'licenses')) }}

),

cleaned as (

    select
        {{ clean_text('license_id') }} as license_id,
        lower(replace({{ clean_text('license_md5') }}, '-', '')) as license_md5,
        lower({{ clean_text('license_sha256') }}) as license_sha256,
        {{ clean_text('subscription_id') }} as subscription_id,
        {{ to_integer('seats') }} as seats,
        {{ to_date('starts_at') }} as starts_at,
        {{ license_end('expires_at') }} as expires_at
    from licenses

)

select * from cleaned
