{#- Each account's score in sentences: where it stands and what holds it down, how it changed, what changed in behaviour, what
    changed in what can be seen; each is left out when it is empty. -#}
with

standing_texts as (

    select * from {{ ref('int_account_standing_texts') }}
    where not is_standing

),

change_texts as (

    select * from {{ ref('int_account_change_texts') }}

),

score_changes as (

    select * from {{ ref('int_account_score_changes') }}

),

explanations as (

    select
        standing_texts.account_id,
        standing_texts.period_start,
        score_changes.score_change,
        score_changes.main_driver,
        score_changes.driver_change,
        change_texts.change_text,
        standing_texts.standing_text || coalesce(' ' || change_texts.change_text, '') as explanation
    from standing_texts
    inner join score_changes
        on standing_texts.account_id = score_changes.account_id
        and standing_texts.period_start = score_changes.period_start
    left join change_texts
        on standing_texts.account_id = change_texts.account_id
        and standing_texts.period_start = change_texts.period_start

)

select * from explanations
