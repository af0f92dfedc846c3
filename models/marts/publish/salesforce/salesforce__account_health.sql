with

standing as (

    select * from {{ ref('mart_account_standing') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_health as (

    select
        {{ salesforce_account('standing.account_id') }} as account_id,
        cast(standing.standing_period_start as date) as health_period,
        cast(standing.figures_as_of as date) as figures_as_of,
        cast(standing.last_scored_ping_at as {{ dbt.type_timestamp() }}) as last_scored_ping_at,
        cast(standing.overall_score as double) as overall_score,
        cast(standing.overall_color as {{ dbt.type_string() }}) as overall_color,
        cast(standing.unscored_reason as {{ dbt.type_string() }}) as unscored_reason,
        {%- for group in score_group_names() %}
        cast(standing.{{ group }}_score as double) as {{ group }}_score,
        {%- endfor %}
        cast(standing.unscored_groups as {{ dbt.type_string() }}) as unscored_groups,
        {{ percentage('standing.weight_present') }} as weight_present_pct,
        {{ percentage('standing.arr_reporting_share') }} as arr_reporting_pct,
        cast(standing.left_out_subscriptions as {{ dbt.type_string() }}) as left_out_subscriptions,
        cast(standing.comparison_period_start as date) as score_change_period,
        cast(standing.score_change as double) as score_change,
        cast(standing.score_change_reason as {{ dbt.type_string() }}) as score_change_reason,
        cast(standing.main_driver as {{ dbt.type_string() }}) as main_driver,
        cast(standing.unlabelled_hostname as {{ dbt.type_string() }}) as unlabelled_hostname,
        cast(standing.licensed_seats as double) as licensed_seats,
        cast(standing.activated_seats as double) as activated_seats,
        {{ percentage('standing.license_utilization') }} as utilization_pct,
        cast(standing.seats_missing_reason as {{ dbt.type_string() }}) as seats_missing_reason,
        cast(standing.active_users as double) as active_users,
        cast(standing.active_users_source as {{ dbt.type_string() }}) as active_users_source,
        cast(standing.active_users_missing_reason as {{ dbt.type_string() }}) as active_users_missing_reason,
        cast(standing.adopted_use_cases as {{ dbt.type_string() }}) as adopted_use_cases,
        cast(standing.adopted_count as double) as adopted_count,
        cast(standing.adoption_level as {{ dbt.type_string() }}) as adoption_level,
        cast(standing.adoption_missing_reason as {{ dbt.type_string() }}) as adoption_missing_reason,
        cast(standing.next_use_case as {{ dbt.type_string() }}) as next_use_case,
        {{ dashboard_link('standing.account_id') }} as dashboard_url,
        {{ publish_stamps() }}
    from standing
    inner join accounts
        on standing.account_id = accounts.account_id
    where accounts.is_in_crm

)

select * from account_health
