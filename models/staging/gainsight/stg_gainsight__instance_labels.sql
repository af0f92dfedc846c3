with

labels as (

    select * from {{ ref('base_gainsight__instance_labels') }}

),

kept as (

    select
        instance_id,
        label,
        instance_type,
        is_known_label,
        labelled_at,
        cast(labelled_at as date) as labelled_on
    from labels
    where row_finding is null
    qualify row_number() over (partition by instance_id, labelled_at order by instance_type, label) = 1

)

select * from kept
