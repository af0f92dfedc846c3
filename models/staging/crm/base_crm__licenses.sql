{#- Every row of the file, read, with what is wrong with it (row_finding keeps it out) and with its cells. -#}
with

licenses as (

    select * from {{ raw_rows(source('crm', 'licenses')) }}

),

limits as (

    {{ input_limits() }}

),

cleaned as (

    select
        {{ clean_id('license_id') }} as license_id,
        {{ clean_text('license_md5') }} as license_md5_text,
        {{ clean_text('license_sha256') }} as license_sha256_text,
        {{ clean_id('subscription_id') }} as subscription_id,
        {{ clean_text('seats') }} as seats_text,
        {{ clean_text('starts_at') }} as starts_at_text,
        {{ clean_text('expires_at') }} as expires_at_text
    from licenses

),

typed as (

    select
        cleaned.*,
        {{ clean_hash('cleaned.license_md5_text') }} as license_md5,
        {{ clean_hash('cleaned.license_sha256_text') }} as license_sha256,
        {{ number_finding('cleaned.seats_text', 'limits.seats_max', whole=true) }} as seats_finding,
        {{ to_date('cleaned.starts_at_text') }} as starts_at,
        {{ license_end('cleaned.expires_at_text') }} as expires_at
    from cleaned
    cross join limits

),

numbered as (

    select
        *,
        coalesce(license_id, 'subscription_id ' || subscription_id, '') as row_key,
        row_number() over (
            partition by coalesce(license_id, 'subscription_id ' || subscription_id, '')
            order by
                starts_at desc nulls last,
                expires_at desc nulls last,
                license_sha256 nulls last,
                license_md5 nulls last,
                subscription_id nulls last,
                seats_text nulls last
        ) as copy_number
    from typed

),

judged as (

    select
        *,
        case when seats_finding is null then {{ to_whole('seats_text') }} end as seats,
        'license_id' as row_column,
        case when license_id is null then 'id_missing' when copy_number > 1 then 'duplicate_id' end as row_finding,
        'starts_at ' || starts_at_text as row_text,
        case when license_md5_text is not null and license_md5 is null then 'no_hash' end as license_md5_finding,
        case when license_sha256_text is not null and license_sha256 is null then 'no_hash' end as license_sha256_finding,
        case when subscription_id is null then 'subscription_missing' end as subscription_id_finding,
        subscription_id as subscription_id_text,
        case when starts_at is null and starts_at_text is not null then 'unreadable' end as starts_at_finding,
        case
            when expires_at is null and expires_at_text is not null then 'unreadable'
            when expires_at < starts_at then 'end_before_start'
        end as expires_at_finding
    from numbered

)

select * from judged
