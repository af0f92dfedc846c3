{#- Rows (source_file, line_number, reason) of input that could not be read as pings. -#}
{% macro quarantined_lines(leaves, unread_lines, inputs) -%}
    {{ adapter.dispatch('quarantined_lines', 'customer_health')(leaves, unread_lines, inputs) }}
{%- endmacro %}

{#- Post-hook of the leaves: a file with a line that the reader of lines could not take, not UTF-8 or too long, is a file with
    an unreadable line, as one with a line that is not JSON. The reader notes such lines in tables of its own. -#}
{% macro note_unread_lines() %}
    {{ return(adapter.dispatch('note_unread_lines', 'customer_health')()) }}
{% endmacro %}

{% macro default__note_unread_lines() %}{% endmacro %}

{#- Rows (source_file, file_version, line_number, reason) of lines and files that were not looked through before. -#}
{% macro unread_lines(leaves) -%}
    {{ adapter.dispatch('unread_lines', 'customer_health')(leaves) }}
{%- endmacro %}

{% macro default__unread_lines(leaves) -%}
    select
        cast(null as {{ dbt.type_string() }}) as source_file,
        cast(null as {{ dbt.type_string() }}) as file_version,
        cast(null as {{ dbt.type_bigint() }}) as line_number,
        cast(null as {{ dbt.type_string() }}) as reason
    where false
{%- endmacro %}

{#- Pre-hook: files that changed, or were forgotten. -#}
{% macro forget_unread_lines() %}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where source_file || ' ' || file_version not in (
            select source_file || ' ' || raw_value from {{ ref('base_service_ping__leaves') }}
            where ping_id is null and key_path = 'file'
        )
    {%- endif -%}
{% endmacro %}

{#- Post-hook. -#}
{% macro drop_unread_lines() %}
    {{ return(adapter.dispatch('drop_unread_lines', 'customer_health')()) }}
{% endmacro %}

{% macro default__drop_unread_lines() %}{% endmacro %}
