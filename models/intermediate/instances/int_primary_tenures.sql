{#- From when to when an instance stands for a subscription. The best candidate begins; when its run ends, the one that
    overtook it follows, else the best that there is then. The recursion takes one step per change, not per period. -#}
with recursive

candidates as (

    select * from {{ ref('int_primary_candidates') }}
    where place = 1

),

runs as (

    select * from {{ ref('int_primary_runs') }}

),

successions as (

    select
        runs.original_subscription_id,
        runs.instance_id,
        runs.to_period,
        successors.instance_id as next_instance_id,
        candidates.period_number as next_from_period,
        successors.to_period as next_to_period
    from runs
    inner join candidates
        on runs.original_subscription_id = candidates.original_subscription_id
        and candidates.period_number = runs.to_period + 1
    inner join runs as successors
        on runs.original_subscription_id = successors.original_subscription_id
        and coalesce(runs.overtaken_by, candidates.instance_id) = successors.instance_id
        and candidates.period_number between successors.from_period and successors.to_period

),

beginnings as (

    select
        candidates.original_subscription_id,
        candidates.instance_id,
        candidates.period_number as from_period,
        runs.to_period
    from candidates
    inner join runs
        on candidates.original_subscription_id = runs.original_subscription_id
        and candidates.instance_id = runs.instance_id
        and candidates.period_number between runs.from_period and runs.to_period
    left join candidates as earlier
        on candidates.original_subscription_id = earlier.original_subscription_id
        and candidates.period_number = earlier.period_number + 1
    where earlier.original_subscription_id is null

),

tenures as (

    select original_subscription_id, instance_id, from_period, to_period
    from beginnings
    union all
    select
        tenures.original_subscription_id,
        successions.next_instance_id,
        successions.next_from_period,
        successions.next_to_period
    from tenures
    inner join successions
        on tenures.original_subscription_id = successions.original_subscription_id
        and tenures.instance_id = successions.instance_id
        and tenures.to_period = successions.to_period

)

select * from tenures
