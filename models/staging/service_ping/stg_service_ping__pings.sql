{{ config(materialized='table') }}
{%- set envelope = ping_envelope() -%}
with

leaves as (

    select * from {{ ref('base_service_ping__leaves') }}

),

inputs as (

    select * from {{ ref('base_service_ping__inputs') }}
    where entry_type = 'file'

),

newest_arrivals as (

    {#- Of files that hold the same arrival one that is still there goes before one that is gone, then the last by name. #}
    select
        leaves.ping_id,
        leaves.received_at,
        leaves.source_file
    from leaves
    left join inputs
        on leaves.source_file = inputs.entry_name
    where leaves.key_path = ''
        and leaves.ping_id is not null
        and cast(leaves.received_at as date) <= {{ as_of() }}
    qualify row_number() over (
        partition by leaves.ping_id
        order by leaves.received_at desc, inputs.entry_name is null, leaves.source_file desc
    ) = 1

),

envelopes as (

    select
        leaves.ping_id,
        leaves.received_at,
        leaves.source_file,
        {%- for name, path in envelope.items() if path %}
        max(case when leaves.key_path = '{{ path }}' then leaves.raw_value end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from leaves
    inner join newest_arrivals
        on leaves.ping_id = newest_arrivals.ping_id
        and leaves.received_at = newest_arrivals.received_at
        and leaves.source_file is not distinct from newest_arrivals.source_file
    where leaves.key_path in ('', '{{ envelope_paths() | join("', '") }}')
    group by leaves.ping_id, leaves.received_at, leaves.source_file

),

cleaned as (

    select
        ping_id,
        received_at,
        source_file,
        {%- for name, path in envelope.items() %}
        {{ (clean_text(name) if name == 'hostname' else clean_id(name)) if path else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from envelopes

),

typed as (

    select
        ping_id,
        received_at,
        source_file,
        cast(received_at as date) as ping_date,
        {{ to_utc_timestamp('recorded_at') }} as recorded_at,
        recorded_at as recorded_at_text,
        uuid,
        {{ clean_hostname('hostname') }} as hostname,
        {{ instance_id('uuid', clean_hostname('hostname')) }} as instance_id,
        version as version_text,
        {{ version_part('version', 1) }} as version_major,
        {{ version_part('version', 2) }} as version_minor,
        {{ clean_version('version') }} as version,
        lower(coalesce(version, '')) like '%-pre%' as is_prerelease,
        edition,
        installation_type,
        {{ clean_hash('license_md5') }} as license_md5,
        {{ clean_hash('license_sha256') }} as license_sha256,
        lower(license_plan) as license_plan,
        {{ to_boolean('license_trial') }} as license_trial,
        {{ to_date('license_trial_ends_on') }} as license_trial_ends_on,
        nullif({{ to_date('license_starts_at') }}, cast('1970-01-01' as date)) as license_starts_at,
        {{ license_end('license_expires_at') }} as license_expires_at,
        license_subscription_id
    from cleaned

)

select * from typed
