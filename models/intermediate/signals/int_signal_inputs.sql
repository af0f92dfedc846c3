{#- What the signals of a subscription look at: its ratios, seats, and the counters of its primary instance. -#}
with

gates as (

    select * from {{ ref('int_subscription_gates') }}

),

seats as (

    select * from {{ ref('int_subscription_seats') }}

),

points as (

    select * from {{ ref('int_subscription_points') }}

),

counters as (

    select * from {{ ref('int_signal_counters') }}

),

ratios as (

    select
        original_subscription_id,
        period_start,
        {%- for measure in known('measure', ['license_utilization', 'user_engagement']) %}
        max(case when measure = '{{ measure }}' then measure_value end) as {{ measure }},
        max(case when measure = '{{ measure }}' then color end) as {{ measure }}_color{{ ',' if not loop.last }}
        {%- endfor %}
    from points
    group by original_subscription_id, period_start

),

inputs as (

    select
        gates.original_subscription_id,
        gates.subscription_id,
        gates.account_id,
        gates.period_start,
        gates.previous_period_start,
        gates.primary_instance_id,
        gates.months_since_start,
        gates.devsecops_applies,
        seats.activated_seats,
        seats.licensed_seats,
        ratios.license_utilization,
        ratios.user_engagement,
        ratios.user_engagement_color,
        counters.ci_runners_all_time_event,
        counters.ci_internal_pipelines_28_days_event,
        counters.projects_all_time_event,
        counters.projects_jenkins_active_all_time_event,
        counters.projects_teamcity_active_all_time_event,
        counters.projects_bamboo_active_all_time_event,
        counters.container_scanning_jobs_all_time_event,
        counters.dependency_scanning_jobs_all_time_event,
        counters.secret_detection_scans_28_days_event,
        counters.dast_jobs_all_time_event,
        counters.ci_internal_pipelines_all_time_event_flow,
        counters.ci_external_pipelines_all_time_event_flow
    from gates
    inner join seats
        on gates.original_subscription_id = seats.original_subscription_id
        and gates.period_start = seats.period_start
    left join ratios
        on gates.original_subscription_id = ratios.original_subscription_id
        and gates.period_start = ratios.period_start
    left join counters
        on gates.primary_instance_id = counters.instance_id
        and gates.period_start = counters.period_start
    where gates.is_in_force and gates.primary_instance_id is not null

)

select * from inputs
