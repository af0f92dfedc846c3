{#- The period whose figures are an account's current ones (docs/rules.md 1): this period when it says something; when
    it only lacks a ping so far, the last period with a scored one if that ping is not stale. -#}
with

account_periods as (

    select * from {{ ref('int_account_periods') }}
    where is_current

),

account_scores as (

    select * from {{ ref('int_account_scores') }}

),

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

primary_instances as (

    select * from {{ ref('int_primary_instances') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

last_scored_pings as (

    select
        gates.account_id,
        gates.period_start,
        max(primary_instances.last_ping_at) as last_ping_at
    from gates
    inner join primary_instances
        on gates.original_subscription_id = primary_instances.original_subscription_id
        and gates.period_start = primary_instances.period_start
    group by gates.account_id, gates.period_start
    qualify row_number() over (partition by gates.account_id order by gates.period_start desc) = 1

),

judged as (

    select
        account_periods.account_id,
        account_periods.period_start as current_period_start,
        account_scores.unscored_reason,
        last_scored_pings.period_start as last_period_start,
        last_scored_pings.last_ping_at as last_scored_ping_at,
        {{ days_between('cast(last_scored_pings.last_ping_at as date)', as_of()) }} as days_since_ping,
        settings.stale_after_days
    from account_periods
    cross join settings
    inner join account_scores
        on account_periods.account_id = account_scores.account_id
        and account_periods.period_start = account_scores.period_start
    left join last_scored_pings
        on account_periods.account_id = last_scored_pings.account_id

),

chosen as (

    select
        account_id,
        last_scored_ping_at,
        case
            when unscored_reason = 'no_ping' and days_since_ping <= stale_after_days then last_period_start
            else current_period_start
        end as period_start,
        case when unscored_reason = 'no_ping' and days_since_ping > stale_after_days then 'stale' end
            as stale_reason
    from judged

)

select * from chosen
