with

current_rows as (

    select * from {{ ref('int_instance_periods') }}
    where is_current

),

types as (

    select * from {{ ref('int_instance_types') }}

),

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null

),

ping_spans as (

    select
        instance_id,
        min(received_at) as first_ping_at,
        max(received_at) as last_ping_at
    from pings
    group by instance_id

),

renames as (

    {#- With the label of the instance that this one may be a new name of: said, and never taken over. #}
    select
        renames.*,
        case when types.instance_type_source = 'label' then types.instance_type end as former_label
    from {{ ref('int_instance_renames') }} as renames
    left join current_rows
        on renames.renamed_from_instance_id = current_rows.instance_id
    left join types
        on current_rows.instance_id = types.instance_id
        and current_rows.period_start = types.period_start

),

newest_versions as (

    {#- In an open period few have reported yet: the one before it says what is out. #}
    select max(newest.version_major) as version_major
    from {{ ref('int_newest_versions') }} as newest
    inner join {{ ref('int_periods') }} as periods
        on periods.is_current
        and newest.period_start in (periods.period_start, periods.previous_period_start)

),

instances as (

    select
        current_rows.instance_id,
        current_rows.uuid,
        current_rows.hostname,
        last_pings.account_id,
        last_pings.subscription_id,
        last_pings.original_subscription_id,
        types.instance_type,
        types.instance_type_source,
        types.suggested_instance_type,
        case
            when renames.former_label is not null
                then 'It may be ' || renames.renamed_from_hostname || ' under a new name, which was labelled '
                    || renames.former_label || '. '
            else ''
        end || suggestion_reasons.message as suggestion_reason,
        renames.renamed_from_instance_id,
        renames.renamed_from_hostname,
        renames.rename_reason,
        last_pings.is_in_force as is_tied_to_active_subscription,
        last_pings.license_match,
        last_pings.has_multiple_matches,
        last_pings.unmapped_reason,
        last_pings.version,
        newest_versions.version_major as newest_major_version,
        case
            when newest_versions.version_major > last_pings.version_major
                then newest_versions.version_major - last_pings.version_major
            when newest_versions.version_major <= last_pings.version_major then 0
        end as major_versions_behind,
        last_pings.edition,
        last_pings.tier,
        last_pings.recorded_at_suspect,
        ping_spans.first_ping_at,
        ping_spans.last_ping_at,
        {{ days_between('cast(ping_spans.last_ping_at as date)', as_of()) }} as days_since_last_ping
    from current_rows
    inner join types
        on current_rows.instance_id = types.instance_id
        and current_rows.period_start = types.period_start
    inner join ping_spans
        on current_rows.instance_id = ping_spans.instance_id
    inner join pings as last_pings
        on current_rows.instance_id = last_pings.instance_id
        and current_rows.last_ping_period_start = last_pings.period_start
        and last_pings.is_period_ping
    inner join {{ ref('suggestion_reasons') }} as suggestion_reasons
        on types.suggestion_reason = suggestion_reasons.suggestion_reason
    cross join newest_versions
    left join renames
        on current_rows.instance_id = renames.instance_id

)

select * from instances
