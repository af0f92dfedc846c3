with

standing as (

    select * from {{ ref('mart_account_standing') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

versions as (

    select * from {{ ref('dim_subscriptions') }}

),

subscriptions as (

    select * from {{ ref('mart_subscription_standing') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

renewed as (

    {#- A later version is known: the renewal is signed. #}
    select distinct original_subscription_id
    from versions
    where start_date > {{ as_of() }}
        and not is_cancelled
        and is_in_crm

),

terms as (

    select
        subscriptions.account_id,
        case
            when renewed.original_subscription_id is not null then 'renewed'
            when versions.is_cancelled then 'cancelled'
            when versions.end_date is null then 'open_term'
        end as missing_reason,
        versions.end_date
    from subscriptions
    inner join versions
        on subscriptions.subscription_id = versions.subscription_id
    left join renewed
        on subscriptions.original_subscription_id = renewed.original_subscription_id
    where subscriptions.is_in_force
        and not coalesce(versions.is_trial, false)

),

renewals as (

    select
        account_id,
        min(case when missing_reason is null then end_date end) as renewal_date,
        count(case when missing_reason = 'open_term' then 1 end) as open_terms,
        count(case when missing_reason = 'renewed' then 1 end) as renewed_terms
    from terms
    group by account_id

),

smart_list_flags as (

    select
        cast(standing.account_id as {{ dbt.type_string() }}) as account_id,
        cast(standing.account_id as {{ dbt.type_string() }}) as account_link,
        coalesce(
            {{ days_between(as_of(), 'renewals.renewal_date') }} <= settings.renewal_soon_days, false
        ) as renews_soon,
        cast(renewals.renewal_date as date) as renewal_date,
        case
            when renewals.renewal_date is not null then null
            when renewals.account_id is null then 'no_active_subscription'
            when renewals.open_terms > 0 then 'open_term'
            when renewals.renewed_terms > 0 then 'renewed'
            else 'cancelled'
        end as renewal_date_missing_reason,
        {#- Not greatest(), which skips a null on DuckDB. #}
        {{ whole_number('case when standing.activated_seats > standing.licensed_seats then 0'
            ~ ' else standing.licensed_seats - standing.activated_seats end') }} as unused_seats,
        cast(standing.seats_missing_reason as {{ dbt.type_string() }}) as unused_seats_missing_reason,
        cast(standing.next_use_case as {{ dbt.type_string() }}) as next_use_case,
        case
            when standing.next_use_case is null then coalesce(standing.adoption_missing_reason, 'none_left')
        end as next_use_case_missing_reason,
        {{ publish_stamps() }}
    from standing
    cross join settings
    inner join accounts
        on standing.account_id = accounts.account_id
    left join renewals
        on standing.account_id = renewals.account_id
    where accounts.is_in_crm

)

select * from smart_list_flags
