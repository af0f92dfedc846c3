-- Labels outside the vocabulary make an instance Unknown, so it is not scored. Each is a row here once there are more
-- than the setting unknown_labels_tolerated: a slip of one person is no news, a renamed pick-list is.
{{ config(severity='warn') }}
with

labels as (

    select * from {{ ref('stg_gainsight__instance_labels') }}

),

settings as (

    select * from {{ ref('health_settings') }}
    where setting = '{{ known('setting', 'unknown_labels_tolerated') }}'

),

newest_labels as (

    select * from labels
    where labelled_on <= {{ as_of() }}
    qualify row_number() over (partition by instance_id order by labelled_at desc, instance_type) = 1

),

unknown_labels as (

    select
        newest_labels.instance_id,
        newest_labels.label,
        newest_labels.labelled_at,
        count(*) over () as unknown_labels
    from newest_labels
    where not newest_labels.is_known_label

),

too_many as (

    select unknown_labels.*
    from unknown_labels
    left join settings
        on 1 = 1
    where unknown_labels.unknown_labels > coalesce(settings.setting_value, 0)

)

select * from too_many
