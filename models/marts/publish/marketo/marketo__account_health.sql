with

standing as (

    select * from {{ ref('mart_account_standing') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

account_health as (

    select
        cast(standing.account_id as {{ dbt.type_string() }}) as account_id,
        cast(standing.account_id as {{ dbt.type_string() }}) as account_link,
        cast(accounts.account_name as {{ dbt.type_string() }}) as account_name,
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
        {{ whole_percentage('standing.weight_present') }} as weight_present_pct,
        cast(standing.comparison_period_start as date) as score_change_period,
        cast(standing.score_change as double) as score_change,
        cast(standing.score_change_reason as {{ dbt.type_string() }}) as score_change_reason,
        {{ whole_number('standing.licensed_seats') }} as licensed_seats,
        {{ whole_number('standing.activated_seats') }} as activated_seats,
        {{ whole_percentage('standing.license_utilization') }} as utilization_pct,
        cast(standing.seats_missing_reason as {{ dbt.type_string() }}) as seats_missing_reason,
        {{ whole_number('standing.active_users') }} as active_users,
        cast(standing.active_users_source as {{ dbt.type_string() }}) as active_users_source,
        cast(standing.active_users_missing_reason as {{ dbt.type_string() }}) as active_users_missing_reason,
        cast(standing.adopted_use_cases as {{ dbt.type_string() }}) as adopted_use_cases,
        {{ whole_number('standing.adopted_count') }} as adopted_count,
        cast(standing.adoption_level as {{ dbt.type_string() }}) as adoption_level,
        cast(standing.adoption_missing_reason as {{ dbt.type_string() }}) as adoption_missing_reason,
        {{ publish_stamps() }}
    from standing
    inner join accounts
        on standing.account_id = accounts.account_id
    where accounts.is_in_crm

)

select * from account_health
