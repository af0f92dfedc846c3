{#- A color that got worse since the calendar period before. Where a subscription is counted by another instance than before,
    its figures are not comparable: then one that kept its instance must have fallen, too. -#}
with

settings as (

    select * from {{ ref('int_settings') }}

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

parts as (

    select original_subscription_id, period_start, score_group as subject, score
    from {{ ref('int_subscription_groups') }}
    union all
    select original_subscription_id, period_start, 'overall' as subject, overall_score
    from {{ ref('int_subscription_scores') }}

),

subjects as (

    select account_id, period_start, previous_period_start, score_group as subject, score
    from {{ ref('int_rollup_groups') }}
    where not is_standing
    union all
    select account_id, period_start, previous_period_start, 'overall' as subject, overall_score
    from {{ ref('int_rollup_scores') }}
    where not is_standing

),

account_falls as (

    select
        eligibility.account_id,
        eligibility.period_start,
        parts.subject,
        max(case when eligibility.primary_instance_id != earlier.primary_instance_id then 1 else 0 end) as has_switch,
        max(case
            when eligibility.primary_instance_id = earlier.primary_instance_id
                and parts.score < parts_before.score
                then 1
            else 0
        end) as has_fall
    from eligibility
    inner join eligibility as earlier
        on eligibility.original_subscription_id = earlier.original_subscription_id
        and eligibility.previous_period_start = earlier.period_start
    inner join parts
        on eligibility.original_subscription_id = parts.original_subscription_id
        and eligibility.period_start = parts.period_start
    inner join parts as parts_before
        on earlier.original_subscription_id = parts_before.original_subscription_id
        and earlier.period_start = parts_before.period_start
        and parts.subject = parts_before.subject
    group by eligibility.account_id, eligibility.period_start, parts.subject

),

colored as (

    select
        subjects.*,
        {{ score_color('subjects.score') }} as color
    from subjects
    cross join settings

),

score_drops as (

    select
        colored.account_id,
        colored.period_start,
        '{{ known('signal', 'score_drop') }}' as signal,
        colored.subject,
        colored.subject as subject_key,
        earlier.score as previous_value,
        colored.score as current_value
    from colored
    inner join colored as earlier
        on colored.account_id = earlier.account_id
        and colored.subject = earlier.subject
        and colored.previous_period_start = earlier.period_start
    left join account_falls
        on colored.account_id = account_falls.account_id
        and colored.period_start = account_falls.period_start
        and colored.subject = account_falls.subject
    where ((earlier.color = 'green' and colored.color in ('yellow', 'red'))
        or (earlier.color = 'yellow' and colored.color = 'red'))
        and (coalesce(account_falls.has_switch, 0) = 0 or account_falls.has_fall = 1)

)

select * from score_drops
