with

labels as (

    select * from {{ ref('base_gainsight__instance_labels') }}

),

kept as (

    select distinct
        instance_id,
        label,
        instance_type,
        is_known_label,
        labelled_at,
        cast(labelled_at as date) as labelled_on
    from labels
    where row_finding is null

)

select * from kept
