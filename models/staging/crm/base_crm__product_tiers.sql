{#- A tier as people write it holds the word of one tier, and of no other. -#}
with

subscriptions as (

    select * from {{ raw_rows(source('crm', 'subscriptions')) }}

),

words as (

    select * from {{ ref('product_tier_words') }}

),

written as (

    select distinct {{ clean_text('product_tier') }} as product_tier_text
    from subscriptions

),

tiers as (

    select
        written.product_tier_text,
        min(words.tier) as tier
    from written
    inner join words
        on ' ' || {{ vocabulary_key('written.product_tier_text') }} || ' ' like '% ' || words.word || ' %'
    group by written.product_tier_text
    having count(distinct words.tier) = 1

)

select * from tiers
