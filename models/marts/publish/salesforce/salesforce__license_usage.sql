with

standing as (

    select * from {{ ref('mart_subscription_standing') }}

),

utilization as (

    select * from {{ ref('fct_seat_utilization') }}

),

subscriptions as (

    select * from {{ ref('dim_subscriptions') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

license_usage as (

    select
        cast(standing.original_subscription_id as {{ dbt.type_string() }}) as original_subscription_id,
        {{ salesforce_account('standing.account_id') }} as account_id,
        cast(standing.subscription_id as {{ dbt.type_string() }}) as subscription_id,
        cast(subscriptions.product_tier as {{ dbt.type_string() }}) as product_tier,
        subscriptions.is_trial,
        standing.is_in_force,
        cast(subscriptions.end_date as date) as renewal_date,
        case when subscriptions.end_date is null then 'open_term' end as renewal_date_missing_reason,
        cast(subscriptions.arr as double) as arr,
        case when subscriptions.arr is null then 'arr_unknown' end as arr_missing_reason,
        cast(standing.standing_period_start as date) as usage_period,
        cast(cast(standing.scored_ping_at as date) as date) as figures_as_of,
        cast(utilization.licensed_seats as double) as licensed_seats,
        cast(utilization.licensed_seats_source as {{ dbt.type_string() }}) as licensed_seats_source,
        case when utilization.licensed_seats is null then 'seats_unknown' end as licensed_seats_missing_reason,
        cast(utilization.activated_seats as double) as activated_seats,
        {{ percentage('utilization.license_utilization') }} as utilization_pct,
        cast(utilization.seats_over_license as double) as seats_over_license,
        cast(standing.missing_reason as {{ dbt.type_string() }}) as usage_missing_reason,
        cast(utilization.umau as double) as active_users,
        cast(utilization.umau_source as {{ dbt.type_string() }}) as active_users_source,
        {{ percentage('utilization.user_engagement') }} as engagement_pct,
        cast(utilization.inactive_activated_seats as double) as inactive_activated_seats,
        cast(utilization.engagement_missing_reason as {{ dbt.type_string() }}) as engagement_missing_reason,
        cast(utilization.projected_activated_seats as double) as projected_activated_seats,
        cast(utilization.projected_seats_over_license as double) as projected_seats_over_license,
        cast(utilization.projection_missing_reason as {{ dbt.type_string() }}) as projection_missing_reason,
        {{ publish_stamps() }}
    from standing
    inner join utilization
        on standing.original_subscription_id = utilization.original_subscription_id
        and standing.standing_period_start = utilization.period_start
    inner join subscriptions
        on standing.subscription_id = subscriptions.subscription_id
    inner join accounts
        on standing.account_id = accounts.account_id
    where accounts.is_in_crm

)

select * from license_usage
