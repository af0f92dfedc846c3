{#- What the signals look at: a subscription's ratios and its primary instance's counters, now and in the previous calendar
    period. A missing period gives no comparison. -#}
{%- set metrics = known('metric', [
    'ci_runners_all_time_event', 'ci_internal_pipelines_28_days_event', 'projects_all_time_event',
    'projects_jenkins_active_all_time_event', 'projects_teamcity_active_all_time_event',
    'projects_bamboo_active_all_time_event', 'container_scanning_jobs_all_time_event',
    'dependency_scanning_jobs_all_time_event', 'secret_detection_scans_28_days_event', 'dast_jobs_all_time_event',
]) -%}
{%- set flows = known('metric', ['ci_internal_pipelines_all_time_event', 'ci_external_pipelines_all_time_event']) -%}
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

ping_metrics as (

    select * from {{ ref('int_ping_metrics') }}
    where metric_name in ('{{ metrics | join("', '") }}')

),

increases as (

    select * from {{ ref('int_counter_increases') }}
    where metric_name in ('{{ flows | join("', '") }}') and not is_estimated

),

ratios as (

    select
        original_subscription_id,
        period_start,
        max(case when measure = '{{ known('measure', 'license_utilization') }}' then measure_value end) as license_utilization,
        max(case when measure = '{{ known('measure', 'user_engagement') }}' then measure_value end) as user_engagement
    from points
    group by original_subscription_id, period_start

),

counters as (

    select
        instance_id,
        period_start
        {%- for metric in metrics %},
        max(case when metric_name = '{{ metric }}' then metric_value end) as {{ metric }}
        {%- endfor %}
    from ping_metrics
    group by instance_id, period_start

),

counter_flows as (

    select
        instance_id,
        period_start
        {%- for metric in flows %},
        max(case when metric_name = '{{ metric }}' then increase end) as {{ metric }}_flow
        {%- endfor %}
    from increases
    group by instance_id, period_start

),

inputs as (

    select
        gates.original_subscription_id,
        gates.subscription_id,
        gates.account_id,
        gates.period_start,
        gates.previous_period_start,
        gates.months_since_start,
        gates.devsecops_applies,
        seats.activated_seats,
        seats.licensed_seats,
        ratios.license_utilization,
        ratios.user_engagement,
        {%- for metric in metrics %}
        counters.{{ metric }},
        {%- endfor %}
        {%- for metric in flows %}
        counter_flows.{{ metric }}_flow{{ ',' if not loop.last }}
        {%- endfor %}
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
    left join counter_flows
        on gates.primary_instance_id = counter_flows.instance_id
        and gates.period_start = counter_flows.period_start
    where gates.is_in_force and gates.primary_instance_id is not null

)

select * from inputs
