{#- DuckDB: all key paths are looked up in a line at once, so that no payload is parsed twice (see judged_lines). Of two lines
    of one file that are the same arrival one counts, whichever order they are read in. -#}
{% macro duckdb__ping_leaves(files, paths, only_new) -%}
    {%- set envelope = customer_health.envelope_paths() -%}
    {%- set looked_up = (envelope + paths) | unique | list -%}
    with

    judged as (
        {{ customer_health.judged_lines(customer_health.ping_lines(files), looked_up) }}
    ),

    arrived as (
        select *
        from judged
        where is_readable
        qualify row_number() over (partition by ping_id, received_at, source_file order by hash(leaves)) = 1
    ),

    unnested as (
        select
            ping_id,
            received_at,
            source_file,
            unnest({{ customer_health.sql_list([''] + paths) }}) as key_path,
            unnest([''{% for path in paths %}, leaves[{{ looked_up.index(path) + 1 }}]{% endfor %}]) as leaf
        from arrived
    )

    select ping_id, received_at, source_file, key_path, {{ customer_health.json_text('leaf') }} as raw_value
    from unnested
    where leaf is not null
        {#- In the envelope, null and absent mean the same. #}
        and not (leaf = 'null' and key_path in ('{{ envelope | join("', '") }}'))
    union all
    select distinct cast(null as varchar), cast(null as timestamp), source_file, 'unreadable', cast(null as varchar)
    from judged
    where not is_readable
{%- endmacro %}

{#- Lines with what is looked up in them, `line` itself left out:
    - leaves: the JSON of each key path in the order of `paths`; SQL null for an absent key, `null` for a JSON null
    - ping_id, received_at: null where absent, and in a line that is not JSON
    - is_readable: whether it is a ping; a payload without a single field of the envelope is none. The envelope's fields come
      first in `paths`. -#}
{% macro judged_lines(lines, paths) -%}
    select
        * exclude (found),
        found[3:] as leaves,
        {{ customer_health.clean_id(customer_health.json_text('found[1]')) }} as ping_id,
        {{ customer_health.to_utc_timestamp(customer_health.json_text('found[2]')) }} as received_at,
        ping_id is not null and received_at is not null and coalesce(
            {%- for path in customer_health.envelope_paths() %}
            nullif(leaves[{{ loop.index }}], 'null'){{ ',' if not loop.last }}
            {%- endfor %}
        ) is not null as is_readable
    from (
        select
            * exclude (line),
            cast(try(json_extract(line, [
                '$.ping_id', '$.received_at'
                {%- for path in paths %}, '$.payload.{{ customer_health.quoted_path(path) }}'{% endfor -%}
            ])) as varchar[]) as found
        from ({{ lines }})
    )
{%- endmacro %}

{#- The text of a leaf's JSON: a string without its quotes, null for `null`, anything else as it stands. -#}
{% macro json_text(leaf) -%}
    case when starts_with({{ leaf }}, '"') then json_extract_string({{ leaf }}, '$') else nullif({{ leaf }}, 'null') end
{%- endmacro %}
