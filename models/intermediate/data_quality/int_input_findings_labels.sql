{#- Labels that could not be used, or that fit nothing: none vanishes without a word (docs/rules.md 10). -#}
with

labels as (

    select * from {{ ref('base_gainsight__instance_labels') }}

),

instances as (

    select distinct instance_id, uuid from {{ ref('stg_service_ping__pings') }}

),

known_uuids as (

    select distinct uuid from instances
    where uuid is not null

),

kinds as (

    select * from {{ ref('finding_kinds') }}

),

usable as (

    select * from labels
    where row_finding is null

),

found as (

    {{ column_findings('labels', 'instance_labels', ['row', 'label']) }}
    union all
    select
        'instance_labels',
        usable.row_key,
        'hostname',
        case
            when known_uuids.uuid is null then 'instance_unknown'
            when usable.hostname = '' then 'hostname_missing'
            else 'hostname_unknown'
        end,
        usable.hostname
    from usable
    left join instances
        on usable.instance_id = instances.instance_id
    left join known_uuids
        on usable.uuid = known_uuids.uuid
    where instances.instance_id is null
    union all
    select 'instance_labels', row_key, 'labelled_at', 'label_later', cast(cast(labelled_at as date) as {{ dbt.type_string() }})
    from usable
    where cast(labelled_at as date) > {{ as_of() }}
    union all
    select 'instance_labels', min(row_key), 'label', 'label_contradicted', min(instance_type) || ', ' || max(instance_type)
    from usable
    group by instance_id, labelled_at
    having min(instance_type) != max(instance_type)

),

findings as (

    {{ told_findings('found', 'kinds') }}

)

select * from findings
