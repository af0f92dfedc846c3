{#- Every row of the file, read: each value, and beside it the text that it was read from. -#}
with

subscriptions as (

    select * from {{ raw_rows(source('crm', 'subscriptions')) }}

),

statuses as (

    select * from {{ ref('subscription_status_aliases') }}

),

limits as (

    {{ input_limits() }}

),

cleaned as (

    select
        {{ clean_id('subscription_id') }} as subscription_id,
        {{ clean_id('original_subscription_id') }} as original_subscription_id,
        {{ clean_id('account_id') }} as account_id,
        {{ clean_text('product_tier') }} as product_tier_text,
        {{ clean_text('is_trial') }} as is_trial_text,
        {{ clean_text('seats') }} as seats_text,
        {{ clean_text('start_date') }} as start_date_text,
        {{ clean_text('end_date') }} as end_date_text,
        {{ clean_text('status') }} as status_text,
        {{ clean_text('arr') }} as arr_text,
        {{ clean_text('cancelled_on') }} as cancelled_on_text
    from subscriptions

),

tiers as (

    {#- A tier as people write it holds the word of one tier, and of no other. #}
    select
        cleaned.product_tier_text,
        min(words.tier) as tier
    from cleaned
    inner join {{ ref('product_tier_words') }} as words
        on ' ' || {{ vocabulary_key('cleaned.product_tier_text') }} || ' ' like '% ' || words.word || ' %'
    group by cleaned.product_tier_text
    having count(distinct words.tier) = 1

),

numbered as (

    select
        *,
        coalesce(subscription_id, 'account_id ' || account_id, '') as row_key,
        row_number() over (
            partition by coalesce(subscription_id, 'account_id ' || account_id, '')
            order by start_date_text, end_date_text, seats_text, arr_text, product_tier_text, status_text, account_id
        ) as row_in_key
    from cleaned

),

typed as (

    select
        numbered.*,
        tiers.tier,
        statuses.status,
        {{ to_boolean('numbered.is_trial_text') }} as is_trial,
        {{ to_date('numbered.start_date_text') }} as start_date,
        {{ to_date('numbered.end_date_text') }} as end_date,
        {{ to_date('numbered.cancelled_on_text') }} as cancelled_on,
        {{ number_finding('numbered.seats_text', 'limits.seats_max', whole=true) }} as seats_problem,
        {{ number_finding('numbered.arr_text', 'limits.arr_max') }} as arr_finding
    from numbered
    cross join limits
    left join tiers
        on numbered.product_tier_text = tiers.product_tier_text
    left join statuses
        on {{ vocabulary_key('numbered.status_text') }} = statuses.alias

),

parsed as (

    select
        *,
        case when seats_problem is null then {{ to_whole('seats_text') }} end as seats,
        case when arr_finding is null then {{ to_double('arr_text') }} + 0 end as arr
    from typed

)

select * from parsed
