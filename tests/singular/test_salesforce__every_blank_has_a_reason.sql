-- Whoever meets an empty figure in Salesforce finds the reason in a field beside it.
with

account_health as (

    select * from {{ ref('salesforce__account_health') }}

),

license_usage as (

    select * from {{ ref('salesforce__license_usage') }}

),

product_usage as (

    select * from {{ ref('salesforce__product_usage') }}

),

unexplained as (

    select 'account_health' as model, account_id as subject
    from account_health
    where {{ account_blank_without_reason() }}
    union all
    select 'license_usage' as model, original_subscription_id as subject
    from license_usage
    where (activated_seats is null and usage_missing_reason is null)
        or (utilization_pct is null and usage_missing_reason is null)
        or (seats_over_license is null and usage_missing_reason is null)
        or (active_users is null and engagement_missing_reason is null)
        or (engagement_pct is null and engagement_missing_reason is null)
        or (inactive_activated_seats is null and engagement_missing_reason is null)
        or (licensed_seats is null) != (licensed_seats_missing_reason is not null)
        or (projected_activated_seats is null) != (projection_missing_reason is not null)
        or (renewal_date is null) != (renewal_date_missing_reason is not null)
        or (arr is null) != (arr_missing_reason is not null)
    union all
    select 'product_usage' as model, usage_key as subject
    from product_usage
    where (score is null) != (unscored_reason is not null)

)

select * from unexplained
