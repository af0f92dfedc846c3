{#- What an account's standing rests on: how many of its subscriptions are scored, how new their rows are, who is left out. -#}
with

standing as (

    select * from {{ ref('int_subscription_standing') }}

),

unlabelled as (

    select account_id, unlabelled_instance_id, unlabelled_hostname
    from standing
    where unlabelled_instance_id is not null
    qualify row_number() over (partition by account_id order by original_subscription_id) = 1

),

counted as (

    select
        standing.account_id,
        max(case when standing.is_scored then standing.standing_period_start end) as standing_period_start,
        max(standing.scored_ping_at) as figures_at,
        max(standing.last_scored_ping_at) as last_scored_ping_at,
        count(case when standing.is_in_force then 1 end) as subscriptions_in_force,
        count(case when standing.is_scored then 1 end) as subscriptions_scored,
        nullif({{ dbt.listagg(
            measure='case when standing.is_left_out then standing.subscription_id end',
            delimiter_text="', '", order_by_clause='order by standing.subscription_id'
        ) }}, '') as left_out_subscriptions,
        max(unlabelled.unlabelled_instance_id) as unlabelled_instance_id,
        max(unlabelled.unlabelled_hostname) as unlabelled_hostname
    from standing
    left join unlabelled
        on standing.account_id = unlabelled.account_id
    group by standing.account_id

)

select * from counted
