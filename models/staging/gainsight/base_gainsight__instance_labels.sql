{#- Every row of the file, read, with what keeps it out, if anything, and whether its word is known. -#}
with

instance_labels as (

    select * from {{ raw_rows(source('gainsight', 'instance_labels')) }}

),

aliases as (

    select * from {{ ref('instance_type_aliases') }}

),

cleaned as (

    select
        {{ clean_id('uuid') }} as uuid,
        {{ clean_hostname('hostname') }} as hostname,
        {{ clean_text('label') }} as label,
        {{ clean_text('labelled_at') }} as labelled_at_text,
        {{ to_utc_timestamp('labelled_at') }} as labelled_at
    from instance_labels

),

numbered as (

    select
        *,
        {#- To the second: how much of it a time's text holds depends on how the raw table has it. #}
        coalesce(uuid, '') || ' ' || hostname || ' ' || substr(coalesce(labelled_at_text, ''), 1, 19) as row_key,
        row_number() over (
            partition by coalesce(uuid, ''), hostname, coalesce(labelled_at_text, '') order by label nulls last
        ) as row_in_key
    from cleaned

),

typed as (

    select
        numbered.*,
        {{ instance_id('numbered.uuid', 'numbered.hostname') }} as instance_id,
        coalesce(aliases.instance_type, 'Unknown') as instance_type,
        aliases.alias is not null as is_known_label
    from numbered
    left join aliases
        on lower(numbered.label) = aliases.alias

),

judged as (

    select
        *,
        case
            when uuid is null then 'uuid_missing'
            when label is null then 'label_missing'
            when labelled_at_text is null then 'date_missing'
            when labelled_at is null then 'date_unreadable'
        end as row_finding,
        case
            when uuid is null then 'uuid'
            when label is null then 'label'
            else 'labelled_at'
        end as row_column,
        coalesce(labelled_at_text, label) as row_text,
        case when label is not null and not is_known_label then 'label_unknown' end as label_finding,
        label as label_text
    from typed

)

select * from judged
