{#- How long a candidate would stand for its subscription if it had come to: while it is a candidate in every period, and no
    other has had more active people in a complete period and in the one before it (docs/rules.md 4). -#}
with

candidates as (

    select * from {{ ref('int_primary_candidates') }}

),

overtaken as (

    select
        held.original_subscription_id,
        held.period_number,
        held.instance_id,
        challengers.instance_id as overtaken_by
    from candidates as held
    inner join candidates as challengers
        on held.original_subscription_id = challengers.original_subscription_id
        and held.period_number = challengers.period_number
        and held.umau < challengers.umau
    inner join candidates as held_earlier
        on held.original_subscription_id = held_earlier.original_subscription_id
        and held.instance_id = held_earlier.instance_id
        and held.period_number = held_earlier.period_number + 1
    inner join candidates as challengers_earlier
        on challengers.original_subscription_id = challengers_earlier.original_subscription_id
        and challengers.instance_id = challengers_earlier.instance_id
        and challengers.period_number = challengers_earlier.period_number + 1
        and held_earlier.umau < challengers_earlier.umau
    where held.is_complete_period
    qualify row_number() over (
        partition by held.original_subscription_id, held.period_number, held.instance_id
        order by challengers.place
    ) = 1

),

begun as (

    select
        candidates.original_subscription_id,
        candidates.instance_id,
        candidates.period_number,
        overtaken.overtaken_by,
        case
            when overtaken.overtaken_by is null
                and candidates.period_number - 1 = lag(candidates.period_number) over (
                    partition by candidates.original_subscription_id, candidates.instance_id
                    order by candidates.period_number
                )
                then 0
            else 1
        end as begins_run
    from candidates
    left join overtaken
        on candidates.original_subscription_id = overtaken.original_subscription_id
        and candidates.period_number = overtaken.period_number
        and candidates.instance_id = overtaken.instance_id

),

numbered as (

    select
        *,
        sum(begins_run) over (
            partition by original_subscription_id, instance_id
            order by period_number
            rows between unbounded preceding and current row
        ) as run_number
    from begun

),

runs as (

    select
        original_subscription_id,
        instance_id,
        min(period_number) as from_period,
        max(period_number) as to_period,
        {#- Only a run's first period can be the one in which it was overtaken: it ended the run before. #}
        lead(max(overtaken_by)) over (partition by original_subscription_id, instance_id order by min(period_number))
            as overtaken_by
    from numbered
    group by original_subscription_id, instance_id, run_number

)

select * from runs
