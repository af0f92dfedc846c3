with

metrics as (

    select
        metric_name,
        label,
        stage,
        use_case,
        unit,
        time_frame,
        key_paths,
        derived_from,
        min_version,
        tier,
        gainsight_field,
        description
    from {{ ref('int_metrics') }}

)

select * from metrics
