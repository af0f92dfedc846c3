{#- Beside each row what is wrong with it (row_finding keeps it out) and with its cells. -#}
with

subscriptions as (

    select * from {{ ref('base_crm__subscriptions') }}

),

accounts as (

    select account_id from {{ ref('base_crm__accounts') }}
    where row_finding is null

),

numbered as (

    select
        subscriptions.*,
        accounts.account_id is not null as has_account,
        row_number() over (
            partition by subscriptions.subscription_id, subscriptions.start_date, accounts.account_id is null
            order by
                subscriptions.end_date desc nulls first,
                subscriptions.seats desc nulls last,
                subscriptions.arr desc nulls last,
                subscriptions.tier nulls last,
                subscriptions.status nulls last,
                subscriptions.account_id nulls last,
                subscriptions.original_subscription_id nulls last,
                subscriptions.cancelled_on nulls last,
                subscriptions.is_trial nulls last
        ) as copy_number
    from subscriptions
    left join accounts
        on subscriptions.account_id = accounts.account_id

),

judged as (

    select
        *,
        case
            when subscription_id is null then 'id_missing'
            when start_date_text is null then 'start_missing'
            when start_date is null then 'start_unreadable'
            when account_id is null then 'account_missing'
            when not has_account then 'account_unknown'
            when copy_number > 1 then 'duplicate_id'
        end as row_finding,
        case when tier is null then case when product_tier_text is null then 'tier_missing' else 'tier_unknown' end end
            as product_tier_finding,
        case when status is null and status_text is not null then 'status_unknown' end as status_finding,
        case when is_trial is null and is_trial_text is not null then 'unreadable' end as is_trial_finding,
        case when seats_text is null then 'seats_missing' when seats = 0 then 'seats_zero' else seats_problem end
            as seats_finding,
        case
            when end_date is null and end_date_text is not null then 'unreadable'
            when end_date < start_date then 'end_before_start'
        end as end_date_finding,
        case when cancelled_on is null and cancelled_on_text is not null then 'unreadable' end as cancelled_on_finding
    from numbered

),

told as (

    select
        *,
        case
            when row_finding like 'start%' then 'start_date'
            when row_finding like 'account%' then 'account_id'
            else 'subscription_id'
        end as row_column,
        case
            when row_finding = 'account_unknown' then account_id
            when row_finding = 'start_unreadable' then start_date_text
            else 'start_date ' || start_date_text
        end as row_text
    from judged

)

select * from told
