-- What the groups contribute adds up to the account's score, their changes to its change since the previous period, and
-- the main driver is the group that moved it most. Published scores have two decimals, hence the cent.
with

contributions as (

    select * from {{ ref('int_score_contributions') }}

),

account_health as (

    select * from {{ ref('fct_account_health') }}

),

summed as (

    select
        account_id,
        period_start,
        sum(contribution) as score,
        sum(contribution_change) as score_change,
        max(abs(contribution_change)) as largest_change
    from contributions
    group by account_id, period_start

),

differences as (

    select
        account_health.account_id,
        account_health.period_start,
        account_health.overall_score,
        summed.score,
        account_health.score_change,
        summed.score_change as summed_change,
        account_health.main_driver,
        drivers.contribution_change as driver_change,
        summed.largest_change
    from account_health
    left join summed
        on account_health.account_id = summed.account_id
        and account_health.period_start = summed.period_start
    left join contributions as drivers
        on account_health.account_id = drivers.account_id
        and account_health.period_start = drivers.period_start
        and account_health.main_driver = drivers.score_group
    where summed.account_id is null
        or abs(coalesce(account_health.overall_score, 0) - summed.score) > 0.01
        or (account_health.score_change is null) != (summed.score_change is null)
        or abs(account_health.score_change - summed.score_change) > 0.01
        or (account_health.main_driver is not null and drivers.contribution_change is null)
        or abs(abs(drivers.contribution_change) - summed.largest_change) > 0.000001
        or (account_health.main_driver is null and abs(account_health.score_change) > 0)

)

select * from differences
