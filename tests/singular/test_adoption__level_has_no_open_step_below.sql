-- An account stands on a step of the adoption path only when that use case is adopted and none below it is started or
-- failed; on the highest such step; and what comes next is the lowest use case that is not yet adopted.
with

account_adoption as (

    select * from {{ ref('fct_account_adoption') }}

),

account_use_cases as (

    select * from {{ ref('int_account_use_cases') }}
    where not is_standing

),

use_cases as (

    select * from {{ ref('use_cases') }}

),

open_steps as (

    select
        account_id,
        period_start,
        min(case when adoption_status in ('in_progress', 'not_adopted') then step end) as lowest_open_step,
        count(case when adoption_status = 'adopted' then 1 end) as adopted_count,
        count(score) as scored_count
    from account_use_cases
    group by account_id, period_start

),

reached as (

    select
        account_use_cases.account_id,
        account_use_cases.period_start,
        max(account_use_cases.level_rank) as level_rank
    from account_use_cases
    inner join open_steps
        on account_use_cases.account_id = open_steps.account_id
        and account_use_cases.period_start = open_steps.period_start
    where account_use_cases.adoption_status = 'adopted'
        and (open_steps.lowest_open_step is null or account_use_cases.step < open_steps.lowest_open_step)
    group by account_use_cases.account_id, account_use_cases.period_start

),

contradictions as (

    select account_adoption.*
    from account_adoption
    inner join open_steps
        on account_adoption.account_id = open_steps.account_id
        and account_adoption.period_start = open_steps.period_start
    left join reached
        on account_adoption.account_id = reached.account_id
        and account_adoption.period_start = reached.period_start
    left join use_cases as stated
        on account_adoption.adoption_level = stated.adoption_level
    left join use_cases as next_steps
        on account_adoption.next_use_case = next_steps.use_case
    where coalesce(stated.level_rank, 0) != coalesce(reached.level_rank, 0)
        or coalesce(next_steps.step, 0) != coalesce(open_steps.lowest_open_step, 0)
        or coalesce(account_adoption.adopted_count, -1)
        != case when open_steps.scored_count = 0 then -1 else open_steps.adopted_count end

)

select * from contradictions
