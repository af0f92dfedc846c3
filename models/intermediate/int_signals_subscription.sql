{#- Signals raised by one subscription's figures: [current value, previous value, condition]. Comparisons with null raise
    nothing. The limits are in the seed signal_rules. -#}
{%- set signals = {
    known('signal', 'inactive_users'): ['inputs.user_engagement', 'earlier.user_engagement', 'inputs.user_engagement < rules.limit_value'],
    known('signal', 'utilization_drop'): ['inputs.license_utilization', 'earlier.license_utilization',
        'earlier.license_utilization > 0 and ' ~ settled(
            '(earlier.license_utilization - inputs.license_utilization) / earlier.license_utilization'
        ) ~ ' >= rules.limit_value'],
    known('signal', 'utilization_low'): ['inputs.license_utilization', 'earlier.license_utilization',
        'inputs.license_utilization < rules.limit_value'],
    known('signal', 'contraction_risk'): ['inputs.license_utilization', 'earlier.license_utilization',
        'inputs.license_utilization < rules.limit_value'],
    known('signal', 'expansion_seats'): ['inputs.license_utilization', 'earlier.license_utilization',
        'inputs.license_utilization >= rules.limit_value'],
    known('signal', 'overage'): ['inputs.activated_seats - inputs.licensed_seats', 'earlier.activated_seats - earlier.licensed_seats',
        'inputs.activated_seats - inputs.licensed_seats > rules.limit_value'],
    known('signal', 'first_value'): ['inputs.license_utilization', 'earlier.license_utilization',
        'inputs.license_utilization >= rules.limit_value and coalesce(inputs.best_utilization_before, 0) < rules.limit_value'],
    known('signal', 'no_runners'): ['inputs.ci_runners_all_time_event', 'earlier.ci_runners_all_time_event',
        'inputs.ci_runners_all_time_event < rules.limit_value'],
    known('signal', 'pipelines_drop'): ['inputs.ci_internal_pipelines_28_days_event', 'earlier.ci_internal_pipelines_28_days_event',
        'earlier.ci_internal_pipelines_28_days_event > 0 and (earlier.ci_internal_pipelines_28_days_event'
        ~ ' - inputs.ci_internal_pipelines_28_days_event) / earlier.ci_internal_pipelines_28_days_event >= rules.limit_value'],
    known('signal', 'pipelines_low'): ['inputs.ci_internal_pipelines_28_days_event', 'earlier.ci_internal_pipelines_28_days_event',
        'inputs.ci_internal_pipelines_28_days_event < rules.limit_value * inputs.projects_all_time_event'],
    known('signal', 'external_ci'): ['inputs.ci_external_pipelines_all_time_event_flow', 'inputs.ci_internal_pipelines_all_time_event_flow',
        'inputs.ci_external_pipelines_all_time_event_flow > inputs.ci_internal_pipelines_all_time_event_flow'],
    known('signal', 'competitor_ci'): ['inputs.competitor_projects', 'earlier.competitor_projects',
        '((inputs.competitor_projects > 0 and inputs.competitor_projects'
        ~ ' >= rules.limit_value * inputs.projects_all_time_event)'
        ~ ' or inputs.projects_jenkins_active_all_time_event > earlier.projects_jenkins_active_all_time_event'
        ~ ' or inputs.projects_teamcity_active_all_time_event > earlier.projects_teamcity_active_all_time_event'
        ~ ' or inputs.projects_bamboo_active_all_time_event > earlier.projects_bamboo_active_all_time_event)'],
    known('signal', 'container_scanning_low'): ['inputs.container_scanning_jobs_all_time_event',
        'earlier.container_scanning_jobs_all_time_event',
        'inputs.devsecops_applies and inputs.container_scanning_jobs_all_time_event < rules.limit_value'],
    known('signal', 'dependency_scanning_low'): ['inputs.dependency_scanning_jobs_all_time_event',
        'earlier.dependency_scanning_jobs_all_time_event',
        'inputs.devsecops_applies and inputs.dependency_scanning_jobs_all_time_event < rules.limit_value'],
    known('signal', 'secret_detection_low'): ['inputs.secret_detection_scans_28_days_event',
        'earlier.secret_detection_scans_28_days_event',
        'inputs.devsecops_applies and inputs.secret_detection_scans_28_days_event < rules.limit_value'],
    known('signal', 'dast_low'): ['inputs.dast_jobs_all_time_event', 'earlier.dast_jobs_all_time_event',
        'inputs.devsecops_applies and inputs.dast_jobs_all_time_event < rules.limit_value'],
} -%}
with

rules as (

    select * from {{ ref('signal_rules') }}

),

inputs as (

    select
        *,
        case
            when coalesce(
                projects_jenkins_active_all_time_event,
                projects_teamcity_active_all_time_event,
                projects_bamboo_active_all_time_event
            ) is not null
                then coalesce(projects_jenkins_active_all_time_event, 0)
                    + coalesce(projects_teamcity_active_all_time_event, 0)
                    + coalesce(projects_bamboo_active_all_time_event, 0)
        end as competitor_projects,
        max(license_utilization) over (
            partition by original_subscription_id
            order by period_start
            rows between unbounded preceding and 1 preceding
        ) as best_utilization_before
    from {{ ref('int_signal_inputs') }}

),

raised as (

    {%- for signal, (current, previous, condition) in signals.items() %}
    select
        inputs.account_id,
        inputs.period_start,
        rules.signal,
        inputs.subscription_id as subject,
        inputs.original_subscription_id as subject_key,
        cast({{ previous }} as double) as previous_value,
        cast({{ current }} as double) as current_value
    from inputs
    inner join rules
        on rules.signal = '{{ signal }}'
        and inputs.months_since_start >= rules.min_age_months
    left join inputs as earlier
        on inputs.original_subscription_id = earlier.original_subscription_id
        and inputs.previous_period_start = earlier.period_start
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from raised
