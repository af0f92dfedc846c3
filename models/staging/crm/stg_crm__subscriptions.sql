with

subscriptions as (

    select * from {{ raw_rows(source('crm', 'subscriptions')) }}

),

cleaned as (

    select
        {{ clean_text('subscription_id') }} as subscription_id,
        coalesce({{ clean_text('original_subscription_id') }}, {{ clean_text('subscription_id') }})
            as original_subscription_id,
        {{ clean_text('account_id') }} as account_id,
        upper(substr({{ clean_text('product_tier') }}, 1, 1)) || lower(substr({{ clean_text('product_tier') }}, 2))
            as product_tier,
        lower({{ clean_text('product_tier') }}) as tier,
        coalesce({{ to_boolean('is_trial') }}, false) as is_trial,
        {{ to_integer('seats') }} as seats,
        {{ to_date('start_date') }} as start_date,
        {{ to_date('end_date') }} as end_date,
        lower({{ clean_text('status') }}) as status,
        {{ to_double('arr') }} as arr
    from subscriptions

)

select * from cleaned
