{#- What the signals of a subscription look at: its ratios, its seats, metrics of its primary instance (any metric model's,
    named here), and by how much counters grew. -#}
{%- set metrics = known('metric', [
    'ci_runners_all_time_event', 'ci_internal_pipelines_28_days_event', 'projects_all_time_event',
    'projects_jenkins_active_all_time_event', 'projects_teamcity_active_all_time_event',
    'projects_bamboo_active_all_time_event', 'container_scanning_jobs_all_time_event',
    'dependency_scanning_jobs_all_time_event', 'secret_detection_scans_28_days_event', 'dast_jobs_all_time_event',
]) -%}
{%- set flows = known('metric', ['ci_internal_pipelines_all_time_event', 'ci_external_pipelines_all_time_event']) -%}
{%- set measures = known('measure', ['license_utilization', 'user_engagement']) -%}
with

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}
    where is_in_force and primary_instance_id is not null

),

points as (

    select * from {{ ref('int_subscription_points') }}
    where measure in ('{{ measures | join("', '") }}')

),

metric_values as (

    select * from {{ ref('int_metric_values') }}
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
        {%- for measure in measures %}
        max(case when measure = '{{ measure }}' then measure_value end) as {{ measure }},
        max(case when measure = '{{ measure }}' then color end) as {{ measure }}_color{{ ',' if not loop.last }}
        {%- endfor %}
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
    from metric_values
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
        eligibility.original_subscription_id,
        eligibility.subscription_id,
        eligibility.account_id,
        eligibility.period_start,
        eligibility.previous_period_start,
        eligibility.primary_instance_id,
        eligibility.months_since_start,
        eligibility.plan_rank,
        seats.activated_seats,
        seats.licensed_seats,
        ratios.license_utilization,
        ratios.user_engagement,
        ratios.user_engagement_color
        {%- for metric in metrics %},
        counters.{{ metric }}
        {%- endfor %}
        {%- for metric in flows %},
        counter_flows.{{ metric }}_flow
        {%- endfor %}
    from eligibility
    inner join {{ ref('int_subscription_seats') }} as seats
        on eligibility.original_subscription_id = seats.original_subscription_id
        and eligibility.period_start = seats.period_start
    left join ratios
        on eligibility.original_subscription_id = ratios.original_subscription_id
        and eligibility.period_start = ratios.period_start
    left join counters
        on eligibility.primary_instance_id = counters.instance_id
        and eligibility.period_start = counters.period_start
    left join counter_flows
        on eligibility.primary_instance_id = counter_flows.instance_id
        and eligibility.period_start = counter_flows.period_start

)

select * from inputs
