with

licenses as (

    select * from {{ ref('base_crm__licenses') }}

),

kept as (

    select
        license_id,
        license_md5,
        license_sha256,
        subscription_id,
        seats,
        starts_at,
        expires_at
    from licenses
    where row_finding is null

)

select * from kept
