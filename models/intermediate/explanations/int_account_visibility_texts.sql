{#- What can be seen otherwise than in the period before, in a sentence with what it does to the score; three things at most. -#}
with

score_changes as (

    select * from {{ ref('int_account_score_changes') }}
    where score_change is not null

),

visibility_changes as (

    select * from {{ ref('int_account_visibility_changes') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by account_id, period_start
            order by
                case
                    when change_kind like 'subscription%' then 1
                    when change_kind = 'instance_switched' then 2
                    else 3
                end,
                change_kind, original_subscription_id, measure
        ) as place
    from visibility_changes

),

listed as (

    select
        account_id,
        period_start,
        max(case when place = 1 then change_text end)
        || coalesce('; ' || max(case when place = 2 then change_text end), '')
        || coalesce('; ' || max(case when place = 3 then change_text end), '')
        || case
            when count(*) > 3 then '; and ' || cast(count(*) - 3 as {{ dbt.type_string() }}) || ' more'
            else ''
        end as items
    from ranked
    group by account_id, period_start

),

texts as (

    select
        score_changes.account_id,
        score_changes.period_start,
        'Not behaviour: ' || coalesce(listed.items, 'the weights of its subscriptions changed')
        || case
            when round(abs(score_changes.other_effect), 2) > 0
                then ' (' || {{ shown_points_change('score_changes.other_effect') }} || ' points)'
            else ''
        end
        || '.' as visibility_text
    from score_changes
    left join listed
        on score_changes.account_id = listed.account_id
        and score_changes.period_start = listed.period_start
    where listed.items is not null or round(abs(score_changes.other_effect), 2) > 0

)

select * from texts
