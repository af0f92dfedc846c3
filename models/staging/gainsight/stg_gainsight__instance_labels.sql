{#- Of several labels of one moment the first type by name counts. -#}
with

labels as (

    select * from {{ ref('base_gainsight__instance_labels') }}
    where row_finding is null

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
    qualify row_number() over (partition by instance_id, labelled_at order by instance_type, label) = 1

)

select * from kept
