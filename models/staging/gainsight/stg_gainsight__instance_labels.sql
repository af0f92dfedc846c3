with

instance_labels as (

    select * from {{ raw_rows(source('gainsight', 'instance_labels')) }}

),

aliases as (

    select * from {{ ref('instance_type_aliases') }}

),

cleaned as (

    select
        {{ instance_id(clean_text('uuid'), clean_hostname('hostname')) }} as instance_id,
        {{ clean_text('label') }} as label,
        {{ to_utc_timestamp('labelled_at') }} as labelled_at
    from instance_labels
    where {{ clean_text('uuid') }} is not null

),

typed as (

    select
        cleaned.instance_id,
        cleaned.label,
        coalesce(aliases.instance_type, 'Unknown') as instance_type,
        aliases.alias is not null as is_known_label,
        cleaned.labelled_at,
        cast(cleaned.labelled_at as date) as labelled_on
    from cleaned
    left join aliases
        on lower(cleaned.label) = aliases.alias
    where cleaned.label is not null

)

select * from typed
