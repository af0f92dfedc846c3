{#- Signals raised by one subscription's figures: [figure, condition], and the column to show as the previous value where it
    is not that figure in the calendar period before. Comparisons with null raise nothing. -#}
{%- set pipelines = 'ci_internal_pipelines_28_days_event' -%}
{%- set signals = {
    known('signal', 'inactive_users'): ['user_engagement', 'inputs.user_engagement < rules.limit_value'],
    known('signal', 'utilization_drop'): ['license_utilization', relative_fall('license_utilization') ~ ' >= rules.limit_value'],
    known('signal', 'utilization_low'): ['license_utilization', 'inputs.license_utilization < rules.limit_value'],
    known('signal', 'contraction_risk'): ['license_utilization', 'inputs.license_utilization < rules.limit_value'],
    known('signal', 'expansion_seats'): ['license_utilization',
        "inputs.license_utilization >= rules.limit_value and inputs.user_engagement_color in ('yellow', 'green')"],
    known('signal', 'overage'): ['overage', 'inputs.overage > rules.limit_value'],
    known('signal', 'first_value'): ['license_utilization', 'inputs.license_utilization >= rules.limit_value'
        ~ ' and coalesce(inputs.best_utilization_before, 0) < rules.limit_value'],
    known('signal', 'no_runners'): ['ci_runners_all_time_event', 'inputs.ci_runners_all_time_event < rules.limit_value'],
    known('signal', 'pipelines_drop'): [pipelines, relative_fall(pipelines) ~ ' >= rules.limit_value'],
    known('signal', 'pipelines_low'): [pipelines,
        'inputs.' ~ pipelines ~ ' < rules.limit_value * inputs.projects_all_time_event'],
    known('signal', 'external_ci'): ['ci_external_pipelines_all_time_event_flow',
        'inputs.ci_external_pipelines_all_time_event_flow > inputs.ci_internal_pipelines_all_time_event_flow',
        'inputs.ci_internal_pipelines_all_time_event_flow'],
    known('signal', 'competitor_ci'): ['competitor_projects', 'inputs.competitor_projects > 0'
        ~ ' and inputs.competitor_projects >= rules.limit_value * inputs.projects_all_time_event'],
    known('signal', 'container_scanning_low'): ['container_scanning_jobs_all_time_event',
        is_few_for_its_seats('container_scanning_jobs_all_time_event')],
    known('signal', 'dependency_scanning_low'): ['dependency_scanning_jobs_all_time_event',
        is_few_for_its_seats('dependency_scanning_jobs_all_time_event')],
    known('signal', 'secret_detection_low'): ['secret_detection_scans_28_days_event',
        is_few_for_its_seats('secret_detection_scans_28_days_event')],
    known('signal', 'dast_low'): ['dast_jobs_all_time_event', is_few_for_its_seats('dast_jobs_all_time_event')],
} -%}
with

rules as (

    select
        signal_rules.*,
        coalesce(tiers.tier_rank, -1) as min_plan_rank
    from {{ ref('signal_rules') }} as signal_rules
    left join {{ ref('use_cases') }} as use_cases
        on signal_rules.use_case = use_cases.use_case
    left join {{ ref('product_tiers') }} as tiers
        on use_cases.min_tier = tiers.tier

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
        activated_seats - licensed_seats as overage,
        max(license_utilization) over (
            partition by original_subscription_id
            order by period_start
            rows between unbounded preceding and 1 preceding
        ) as best_utilization_before
    from {{ ref('int_signal_inputs') }}

),

raised as (

    {%- for signal, parts in signals.items() %}
    select
        inputs.account_id,
        inputs.period_start,
        rules.signal,
        inputs.subscription_id as subject,
        inputs.original_subscription_id as subject_key,
        cast({{ parts[2] or 'earlier.' ~ parts[0] }} as double) as previous_value,
        cast(inputs.{{ parts[0] }} as double) as current_value
    from inputs
    inner join rules
        on rules.signal = '{{ signal }}'
        and inputs.months_since_start >= rules.min_age_months
        and inputs.plan_rank >= rules.min_plan_rank
    left join inputs as earlier
        on inputs.original_subscription_id = earlier.original_subscription_id
        and inputs.previous_period_start = earlier.period_start
    where {{ parts[1] }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from raised
