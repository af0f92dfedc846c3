{#- What to label, most seats first: instances that count as nothing until somebody says what they are. -#}
with

instances as (

    select
        *,
        coalesce(activated_seats, active_users) as seats
    from {{ ref('gainsight__instances') }}
    where instance_type = 'Unknown'

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

worklist as (

    select
        instances.instance_id,
        instances.account_id,
        instances.uuid,
        instances.hostname,
        cast(accounts.csm_email as {{ dbt.type_string() }}) as csm_email,
        instances.seats,
        cast(row_number() over (order by instances.seats desc nulls last, instances.instance_id) as bigint)
            as label_rank,
        case when instances.seats is null then instances.missing_reason end as missing_reason,
        instances.suggested_instance_type,
        instances.suggestion_reason,
        instances.first_ping_at,
        instances.last_ping_at
    from instances
    left join accounts
        on instances.account_id = accounts.account_id

)

select * from worklist
