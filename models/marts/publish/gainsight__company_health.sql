with

current_periods as (

    select * from {{ ref('int_account_current') }}

),

health as (

    select * from {{ ref('fct_account_health') }}

),

adoption as (

    select * from {{ ref('fct_account_adoption') }}

),

seats as (

    select * from {{ ref('fct_account_seats') }}

),

company_health as (

    select
        cast(current_periods.account_id as {{ dbt.type_string() }}) as account_id,
        cast(current_periods.period_start as date) as health_period,
        cast(current_periods.last_scored_ping_at as {{ dbt.type_timestamp() }}) as last_scored_ping_at,
        cast(health.overall_score as double) as overall_score,
        cast(health.overall_color as {{ dbt.type_string() }}) as overall_color,
        {%- for group in known('score_group', [
            'license_utilization', 'user_engagement', 'scm', 'ci', 'cd', 'devsecops',
        ]) %}
        cast(health.{{ group }}_score as double) as {{ group }}_score,
        {%- endfor %}
        cast(health.weight_present as double) as weight_present,
        cast(health.arr_reporting_share as double) as arr_reporting_share,
        cast(health.score_change as double) as score_change,
        cast(health.main_driver as {{ dbt.type_string() }}) as main_driver,
        cast(coalesce(current_periods.stale_reason, health.unscored_reason) as {{ dbt.type_string() }})
            as unscored_reason,
        cast(seats.licensed_seats as double) as licensed_seats,
        cast(seats.activated_seats as double) as activated_seats,
        cast(seats.umau as double) as active_users,
        cast(seats.umau_source as {{ dbt.type_string() }}) as active_users_source,
        cast(adoption.adopted_use_cases as {{ dbt.type_string() }}) as adopted_use_cases,
        cast(adoption.adopted_count as double) as adopted_count,
        cast(adoption.adoption_level as {{ dbt.type_string() }}) as adoption_level,
        cast(
            case
                when adoption.adoption_level is null
                    then coalesce(current_periods.stale_reason, adoption.adoption_missing_reason)
            end as {{ dbt.type_string() }}
        ) as adoption_missing_reason,
        cast(adoption.next_use_case as {{ dbt.type_string() }}) as next_use_case
    from current_periods
    inner join health
        on current_periods.account_id = health.account_id
        and current_periods.period_start = health.period_start
    inner join adoption
        on current_periods.account_id = adoption.account_id
        and current_periods.period_start = adoption.period_start
    left join seats
        on current_periods.account_id = seats.account_id
        and current_periods.period_start = seats.period_start

)

select * from company_health
