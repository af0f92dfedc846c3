{#- Of every all-time counter, derived ones too. -#}
with

metrics as (

    select * from {{ ref('int_metrics') }}
    where time_frame = 'all'

),

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

metric_values as (

    select * from {{ ref('int_metric_values') }}
    where value_status = 'reported'

),

reported as (

    select metric_values.*
    from metric_values
    inner join metrics
        on metric_values.metric_name = metrics.metric_name

),

increases as (

    {{ counter_increases('reported') | indent(4) }}

)

select * from increases
