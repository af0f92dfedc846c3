with

standing as (

    select * from {{ ref('mart_account_standing') }}

),

company_health as (

    select
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(standing_period_start as date) as health_period,
        cast(figures_as_of as date) as figures_as_of,
        cast(last_scored_ping_at as {{ dbt.type_timestamp() }}) as last_scored_ping_at,
        cast(overall_score as double) as overall_score,
        cast(overall_color as {{ dbt.type_string() }}) as overall_color,
        {%- for group in score_group_names() %}
        cast({{ group }}_score as double) as {{ group }}_score,
        {%- endfor %}
        cast(unscored_groups as {{ dbt.type_string() }}) as unscored_groups,
        cast(weight_present as double) as weight_present,
        cast(arr_reporting_share as double) as arr_reporting_share,
        cast(left_out_subscriptions as {{ dbt.type_string() }}) as left_out_subscriptions,
        cast(comparison_period_start as date) as score_change_period,
        cast(score_change as double) as score_change,
        cast(score_change_reason as {{ dbt.type_string() }}) as score_change_reason,
        cast(main_driver as {{ dbt.type_string() }}) as main_driver,
        cast(unscored_reason as {{ dbt.type_string() }}) as unscored_reason,
        cast(unlabelled_hostname as {{ dbt.type_string() }}) as unlabelled_hostname,
        cast(licensed_seats as double) as licensed_seats,
        cast(activated_seats as double) as activated_seats,
        cast(seats_missing_reason as {{ dbt.type_string() }}) as seats_missing_reason,
        cast(active_users as double) as active_users,
        cast(active_users_source as {{ dbt.type_string() }}) as active_users_source,
        cast(active_users_missing_reason as {{ dbt.type_string() }}) as active_users_missing_reason,
        cast(adopted_use_cases as {{ dbt.type_string() }}) as adopted_use_cases,
        cast(adopted_count as double) as adopted_count,
        cast(adoption_level as {{ dbt.type_string() }}) as adoption_level,
        cast(adoption_missing_reason as {{ dbt.type_string() }}) as adoption_missing_reason,
        cast(next_use_case as {{ dbt.type_string() }}) as next_use_case,
        {{ dashboard_link('account_id') }} as dashboard_url
    from standing

)

select * from company_health
