-- Every week of every instance is given to Adoption Explorer, or its instance is listed with the account that it had then; never both.
with

instance_weeks as (

    select * from {{ ref('int_instance_weeks') }}

),

usage as (

    select * from {{ ref('adoption_explorer__usage_weekly') }}

),

left_out as (

    select * from {{ ref('adoption_explorer__left_out') }}

),

findings as (

    select
        instance_weeks.instance_id,
        instance_weeks.week_start,
        instance_weeks.account_id
    from instance_weeks
    left join usage
        on instance_weeks.instance_id = usage.instance_id
        and instance_weeks.week_start = usage.week_start
    left join left_out
        on instance_weeks.instance_id = left_out.instance_id
        and instance_weeks.account_id is not distinct from left_out.account_id
    where (usage.instance_id is null) = (left_out.subject is null)

)

select * from findings
