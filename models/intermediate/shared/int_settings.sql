with

settings as (

    select * from {{ ref('health_settings') }}

),

pivoted as (

    select
        {%- for setting in known('setting', [
            'suggestion_min_share', 'secondary_max_active_share', 'awaited_days', 'rename_max_days',
            'stale_after_days', 'onboarding_days', 'activity_tolerance', 'activity_baseline_periods', 'projection_periods', 'projection_min_points', 'projection_term_share',
            'projection_max_months', 'trend_periods',
            'clock_late_hours', 'clock_early_days', 'score_yellow_above', 'score_green_above',
            'platform_adoption_success', 'clock_off_days', 'newest_version_min_share', 'mostly_min_share',
            'renewal_soon_days', 'benchmark_min_accounts', 'benchmark_max_group_share', 'benchmark_lag_months',
        ]) %}
        max(case when setting = '{{ setting }}' then cast(setting_value as double) end)
            as {{ setting }}{{ ',' if not loop.last }}
        {%- endfor %}
    from settings

)

select * from pivoted
