{#- A color that got worse since the calendar period before. Where a subscription is counted by another instance than before,
    its figures are not comparable: then one that kept its instance must have fallen, too. -#}
with

settings as (

    select * from {{ ref('int_settings') }}

),

account_groups as (

    select * from {{ ref('int_account_groups') }}

),

account_scores as (

    select * from {{ ref('int_account_scores') }}

),

account_falls as (

    select * from {{ ref('int_account_falls') }}

),

subjects as (

    select account_id, period_start, previous_period_start, score_group as subject, score from account_groups
    union all
    select account_id, period_start, previous_period_start, 'overall' as subject, overall_score
    from account_scores

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
