{{ config(materialized='table') }}
{%- set envelope = var('ping_envelope') -%}
with

leaves as (

    select * from {{ ref('base_service_ping__leaves') }}

),

newest_arrivals as (

    select
        ping_id,
        max(received_at) as received_at
    from leaves
    where key_path = ''
        and ping_id is not null
        and cast(received_at as date) <= {{ as_of() }}
    group by ping_id

),

envelopes as (

    select
        leaves.ping_id,
        leaves.received_at,
        {%- for name, path in envelope.items() %}
        max(case when leaves.key_path = '{{ path }}' then leaves.raw_value end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from leaves
    inner join newest_arrivals
        on leaves.ping_id = newest_arrivals.ping_id
        and leaves.received_at = newest_arrivals.received_at
    where leaves.key_path in ('', '{{ envelope.values() | join("', '") }}')
    group by leaves.ping_id, leaves.received_at

),

cleaned as (

    select
        ping_id,
        received_at,
        {%- for name in envelope %}
        {{ clean_text(name) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from envelopes

),

typed as (

    select
        ping_id,
        received_at,
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
