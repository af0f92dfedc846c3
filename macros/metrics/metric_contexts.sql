{#- An existing metric in another context, in one line each; the dictionary says of what it is made. -#}

{#- For each activated seat. -#}
{% macro metric_per_seat(metric) -%}
    {{ customer_health.metric_ratio(metric, 'activated_seats') }}
{%- endmacro %}

{#- For each project. -#}
{% macro metric_per_project(metric) -%}
    {{ customer_health.metric_ratio(metric, 'projects_all_time_event') }}
{%- endmacro %}

{#- Of the instances whose plan, at the ping, is this tier or a higher one; for others it is not applicable. -#}
{% macro metric_from_tier(metric, tier) -%}
    with

    metrics as (

        select * from {{ ref('metric_' ~ metric) }}

    ),

    instance_periods as (

        select * from {{ ref('int_instance_periods') }}

    ),

    tiers as (

        select * from {{ ref('product_tiers') }}

    ),

    judged as (

        select
            metrics.*,
            coalesce(instance_periods.tier_rank >= tiers.tier_rank, false) or instance_periods.ping_id is null as is_meant
        from metrics
        inner join instance_periods
            on metrics.instance_id = instance_periods.instance_id
            and metrics.period_start = instance_periods.period_start
        inner join tiers
            on tiers.tier = '{{ tier }}'

    )

    select
        instance_id,
        period_start,
        case when is_meant then metric_value end as metric_value,
        case when is_meant then value_status else 'not_applicable' end as value_status,
        case when is_meant then value_reason else 'tier' end as value_reason
    from judged
{%- endmacro %}

{#- Added up over all instances of the same subscription that report it, whatever their type, and shown at each of those. Not
    for counts of distinct people. -#}
{% macro metric_over_subscription(metric) -%}
    with

    metrics as (

        select * from {{ ref('metric_' ~ metric) }}

    ),

    instance_periods as (

        select * from {{ ref('int_instance_periods') }}

    )

    select
        metrics.instance_id,
        metrics.period_start,
        case
            when metrics.metric_value is not null then sum(metrics.metric_value) over (
                partition by
                    coalesce(instance_periods.original_subscription_id, metrics.instance_id), metrics.period_start
            )
        end as metric_value,
        metrics.value_status,
        metrics.value_reason
    from metrics
    inner join instance_periods
        on metrics.instance_id = instance_periods.instance_id
        and metrics.period_start = instance_periods.period_start
{%- endmacro %}
