{#- The counters that signals look at, of every instance and period with a ping. -#}
{%- set metrics = known('metric', [
    'ci_runners_all_time_event', 'ci_internal_pipelines_28_days_event', 'projects_all_time_event',
    'projects_jenkins_active_all_time_event', 'projects_teamcity_active_all_time_event',
    'projects_bamboo_active_all_time_event', 'container_scanning_jobs_all_time_event',
    'dependency_scanning_jobs_all_time_event', 'secret_detection_scans_28_days_event', 'dast_jobs_all_time_event',
]) -%}
{%- set flows = known('metric', ['ci_internal_pipelines_all_time_event', 'ci_external_pipelines_all_time_event']) -%}
with

ping_metrics as (

    select * from {{ ref('int_ping_metrics') }}
    where metric_name in ('{{ metrics | join("', '") }}')

),

increases as (

    select * from {{ ref('int_counter_increases') }}
    where metric_name in ('{{ flows | join("', '") }}') and not is_estimated

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

joined as (

    select
        counters.*
        {%- for metric in flows %},
        counter_flows.{{ metric }}_flow
        {%- endfor %}
    from counters
    left join counter_flows
        on counters.instance_id = counter_flows.instance_id
        and counters.period_start = counter_flows.period_start

)

select * from joined
