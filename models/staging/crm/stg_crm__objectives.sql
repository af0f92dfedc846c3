with

objectives as (

    select * from {{ raw_rows(source('crm', 'objectives')) }}

),

cleaned as (

    select
        {{ clean_text('objective_id') }} as objective_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('objective_name') }} as objective_name,
        {{ clean_text('metric_name') }} as metric_name,
        {{ to_double('target_value') }} as target_value,
        {{ to_date('starts_on') }} as starts_on,
        {{ to_date('due_on') }} as due_on
    from objectives

)

select * from cleaned
