{#- Reads payloads once for many key paths: rows (ping_id, received_at, source_file, key_path, raw_value).
    - key_path '' is one row per arrival of a ping, whatever it holds. Which of several arrivals counts is decided later, for
      it depends on as_of.
    - raw_value is the leaf as text; a JSON null is a row whose raw_value is null; an absent key is no row.
    - what could not be read is a row without ping_id: on DuckDB the file, with key path 'unreadable'.
    `files` is the list to read (ignored where pings are a table), `paths` the list of key paths, `only_new` whether pings
    that `this` holds already may be left out (ignored where files are read). -#}
{% macro ping_leaves(files, paths, only_new=false) -%}
    {{ adapter.dispatch('ping_leaves', 'customer_health')(files, paths, only_new) }}
{%- endmacro %}

{% macro quoted_path(path) -%}
    "{{ path.split('.') | join('"."') }}"
{%- endmacro %}

{#- Where each field of the envelope stands in the payload, by the names that the models use; none for a field that this
    product's ping does not have (var ping_envelope leaves it out). -#}
{% macro ping_envelope() %}
    {%- set fields = [
        'uuid', 'hostname', 'version', 'edition', 'recorded_at', 'installation_type', 'license_id', 'license_md5',
        'license_sha256', 'license_plan', 'license_trial', 'license_trial_ends_on', 'license_starts_at', 'license_expires_at',
        'license_subscription_id',
    ] -%}
    {%- set given = var('ping_envelope') -%}
    {%- for name in given if name not in fields -%}
        {{ exceptions.raise_compiler_error('var ping_envelope has the unknown field "' ~ name ~ '"; it may have: ' ~ fields | join(', ')) }}
    {%- endfor -%}
    {%- if not given.get('uuid') -%}
        {{ exceptions.raise_compiler_error('var ping_envelope does not say where the uuid of the installation stands; give at least uuid') }}
    {%- endif -%}
    {%- set envelope = {} -%}
    {%- for name in fields -%}
        {%- do envelope.update({name: given.get(name) or none}) -%}
    {%- endfor -%}
    {{ return(envelope) }}
{% endmacro %}

{#- The key paths of the envelope. -#}
{% macro envelope_paths() %}
    {{ return(customer_health.ping_envelope().values() | select | unique | list) }}
{% endmacro %}

{#- Rows (ping_id, recorded_at, file_time) of payloads that were saved by hand. -#}
{% macro saved_pings(files) -%}
    {{ adapter.dispatch('saved_pings', 'customer_health')(files) }}
{%- endmacro %}

{#- Where raw data are tables, they were dated when they were landed (snowflake/setup.sql). -#}
{% macro default__saved_pings(files) -%}
    select
        cast(null as {{ dbt.type_string() }}) as ping_id,
        cast(null as {{ dbt.type_timestamp() }}) as recorded_at,
        cast(null as {{ dbt.type_timestamp() }}) as file_time
    where false
{%- endmacro %}
