{#- Which pings there are to read, and which of them were read before. An extraction input is a file (DuckDB) or the raw
    table (elsewhere), or a key path; each has a version, so that a file that grew counts as new. -#}

{% macro ping_files() %}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set files = [] -%}
    {%- for pattern in ['**/*.jsonl', '**/*.jsonl.gz', 'manual/*.json'] -%}
        {%- do files.extend(run_query(
            "select file from glob('" ~ customer_health.raw_path() ~ '/service_pings/' ~ pattern ~ "') order by file"
        ).columns[0].values()) -%}
    {%- endfor -%}
    {{ return(files) }}
{% endmacro %}

{#- Rows (entry_type, entry_name, entry_version) of everything that can be extracted now. -#}
{% macro extraction_inputs() %}
    {{ return(adapter.dispatch('extraction_inputs', 'customer_health')()) }}
{% endmacro %}

{% macro duckdb__extraction_inputs() -%}
    select
        'file' as entry_type,
        filename as entry_name,
        size || ' bytes, ' || epoch_us(last_modified) as entry_version
    from read_blob({{ customer_health.sql_list(customer_health.ping_files()) }})
    union all
    select 'raw_path', '{{ customer_health.raw_path() }}', ''
    union all
    {{ customer_health.key_path_inputs() }}
{%- endmacro %}

{% macro default__extraction_inputs() -%}
    select 'raw_path' as entry_type, '{{ source('service_ping', 'service_pings') }}' as entry_name, '' as entry_version
    union all
    {{ customer_health.key_path_inputs() }}
{%- endmacro %}

{% macro key_path_inputs() -%}
    {%- for path in customer_health.extracted_key_paths() %}
    select 'key_path' as entry_type, '{{ path }}' as entry_name, '' as entry_version
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as entry_type, '' as entry_name, '' as entry_version where false
    {%- endfor %}
{%- endmacro %}

{#- Names of the inputs of one type, all or only the new ones. -#}
{% macro extraction_names(inputs, entry_type, only_new) %}
    {%- if not execute or not load_relation(inputs) -%}{{ return([]) }}{%- endif -%}
    {{ return(run_query(
        'select entry_name from ' ~ inputs ~ " where entry_type = '" ~ entry_type ~ "'"
        ~ (' and is_new' if only_new else '') ~ ' order by entry_name'
    ).columns[0].values() | list) }}
{% endmacro %}

{% macro sql_list(values) -%}
    [{% for value in values %}'{{ value | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{#- The relation of a model downstream, for a look at what an earlier run left; none when there is none yet. -#}
{% macro earlier_relation(identifier) %}
    {{ return(adapter.get_relation(database=this.database, schema=this.schema, identifier=identifier) if execute else none) }}
{% endmacro %}

{#- Pre-hook of the leaves: when the raw folder (or table) is another one than before, what stood there is not this data's past. -#}
{% macro forget_other_raw_path() %}
    {%- set log = customer_health.earlier_relation('base_service_ping__extraction_log') -%}
    {%- set inputs = customer_health.earlier_relation('base_service_ping__inputs') -%}
    {%- if log and inputs and customer_health.earlier_relation(this.identifier) -%}
        delete from {{ this }}
        where exists (select 1 from {{ inputs }} where entry_type = 'raw_path' and is_new)
    {%- endif -%}
{% endmacro %}
