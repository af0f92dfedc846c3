with

objectives as (

    select * from {{ ref('base_crm__objectives') }}

),

kept as (

    select
        objective_id,
        account_id,
        objective_name,
        metric_name,
        target_value,
        starts_on,
        due_on,
        baseline_value,
        direction
    from objectives
    where row_finding is null

)

select * from kept
