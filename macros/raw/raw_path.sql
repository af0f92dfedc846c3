{#- Where the raw data are, and that they are the same that this database was made of. -#}

{#- The folder of raw files in one form, absolute and without '//', '/./' and '/../', however it was given. A relative one
    counts from the project's folder, in which dbt runs. -#}
{% macro raw_path() -%}
    {%- set path = (var('raw_path', none) or env_var('RAW_PATH', 'sample/raw')) | string -%}
    {%- if '://' in path or not execute -%}{{ return(path.rstrip('/')) }}{%- endif -%}
    {%- if path == '~' or path.startswith('~/') -%}{%- set path = env_var('HOME', '~') ~ path[1:] -%}{%- endif -%}
    {%- set project = flags.PROJECT_DIR | string -%}
    {%- if not project.startswith('/') -%}{%- set project = env_var('PWD', '') ~ '/' ~ project -%}{%- endif -%}
    {{ return(customer_health.plain_path(path if path.startswith('/') else project ~ '/' ~ path)) }}
{%- endmacro %}

{#- An absolute path without '//', '/./' and '/../'. -#}
{% macro plain_path(path) -%}
    {%- set parts = [] -%}
    {%- for part in path.split('/') if part not in ('', '.') -%}
        {%- if part != '..' -%}
            {%- do parts.append(part) -%}
        {%- elif parts -%}
            {%- do parts.pop() -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('/' ~ parts | join('/')) }}
{%- endmacro %}

{#- A value as text in SQL. -#}
{% macro sql_text(value) -%}
    '{{ value | replace("'", "''") }}'
{%- endmacro %}

{#- A path as text in SQL, where DuckDB would take brackets and stars for a pattern. -#}
{% macro glob_text(path) -%}
    {{ customer_health.sql_text(path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]')) }}
{%- endmacro %}

{% macro sql_list(values) -%}
    [{% for value in values %}{{ customer_health.sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{#- Files, named as seen from the raw folder, as a list that DuckDB's readers take. -#}
{% macro file_list(names) -%}
    [{% for name in names %}{{ customer_health.glob_text(customer_health.raw_path() ~ '/' ~ name) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}

{#- A file's name as seen from the raw folder. -#}
{% macro below_raw_path(filename) -%}
    substr({{ filename }}, {{ customer_health.raw_path() | length + 2 }})
{%- endmacro %}

{#- What the raw data of this run are called: a folder, or a table. -#}
{% macro raw_place() %}
    {{ return(adapter.dispatch('raw_place', 'customer_health')()) }}
{% endmacro %}

{% macro duckdb__raw_place() %}
    {{ return(customer_health.raw_path()) }}
{% endmacro %}

{% macro default__raw_place() %}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {%- for source in graph.sources.values() if source.name == 'service_pings' -%}
        {{ return((source.database ~ '.' ~ source.schema ~ '.' ~ source.identifier) | lower) }}
    {%- endfor -%}
{% endmacro %}

{#- The relation of the leaves that earlier runs left; none when there is none. -#}
{% macro earlier_leaves() %}
    {{ return(customer_health.earlier_model('base_service_ping__leaves')) }}
{% endmacro %}

{% macro earlier_model(name) %}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias)) }}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}

{#- Names that earlier runs have read, of one type: raw_path, file or key_path. -#}
{% macro names_read(leaves, entry_type) %}
    {{ return(run_query(
        'select distinct source_file from ' ~ leaves ~ " where ping_id is null and key_path = '" ~ entry_type ~ "' order by 1"
    ).columns[0].values() | list) }}
{% endmacro %}

{#- Before a run changes anything: the raw data are those that this database was made of, and --full-refresh finds all of
    them. Else an error that says both ways out. -#}
{% macro check_same_raw_data() %}
    {%- set leaves = customer_health.earlier_leaves() -%}
    {%- if leaves -%}
        {%- set place = customer_health.raw_place() -%}
        {%- for earlier in customer_health.names_read(leaves, 'raw_path') if earlier != place and not var('raw_path_moved', false) -%}
            {{ exceptions.raise_compiler_error(
                'this database (' ~ target.database ~ ', ' ~ target.schema ~ ') was made from the raw data in "' ~ earlier
                ~ '", and this run would read "' ~ place ~ '". Nothing was changed. If these are other data, build them into'
                ~ ' another database (on DuckDB, another DUCKDB_PATH; else another schema), or point RAW_PATH (or raw_database'
                ~ " and raw_schema) back. If these are the same data in a new place, say so once: --vars 'raw_path_moved: true'."
                ~ " To begin anew here: dbt run-operation forget_raw --args '{path: " ~ earlier ~ "}'"
            ) }}
        {%- endfor -%}
        {%- if flags.FULL_REFRESH and not var('forget_missing_files', false) and customer_health.leaves_are_selected() -%}
            {%- set missing = customer_health.missing_inputs(leaves) -%}
            {%- if missing -%}
                {{ exceptions.raise_compiler_error(
                    '--full-refresh would forget what earlier runs read from ' ~ missing.count ~ ' ' ~ missing.what
                    ~ ' that are no longer there, the first "' ~ missing.first ~ '". Nothing was changed. Leave --full-refresh'
                    ~ " out to keep them, or say so: --vars 'forget_missing_files: true'."
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro leaves_are_selected() %}
    {%- for name in selected_resources if name.endswith('.base_service_ping__leaves') -%}{{ return(true) }}{%- endfor -%}
    {{ return(false) }}
{% endmacro %}

{#- What was read and is not there to be read again: count, what, first; none when all is there. -#}
{% macro missing_inputs(leaves) %}
    {{ return(adapter.dispatch('missing_inputs', 'customer_health')(leaves)) }}
{% endmacro %}

{% macro duckdb__missing_inputs(leaves) %}
    {%- set listed = customer_health.listed_ping_files() or [] -%}
    {%- set missing = [] -%}
    {%- for name in customer_health.names_read(leaves, 'file') if name not in listed -%}
        {%- set path = customer_health.glob_text(customer_health.raw_path() ~ '/' ~ name) -%}
        {%- do missing.append(name) if not run_query('select file from glob(' ~ path ~ ')').rows -%}
    {%- endfor -%}
    {{ return({'count': missing | length, 'what': 'files', 'first': missing[0]} if missing else none) }}
{% endmacro %}

{% macro default__missing_inputs(leaves) %}
    {%- set arrivals = customer_health.raw_relation('service_pings') -%}
    {%- set columns = customer_health.raw_columns(arrivals) -%}
    {%- set found = run_query(
        'select count(*), min(held.ping_id) from (select distinct ping_id, received_at from ' ~ leaves
        ~ " where key_path = '' and ping_id is not null) as held left join (select distinct "
        ~ customer_health.clean_id('arrivals.ping_id') ~ ' as ping_id, '
        ~ customer_health.utc_of('arrivals.received_at', columns.get('received_at', 'TIMESTAMP_NTZ')) ~ ' as received_at from '
        ~ arrivals ~ ' as arrivals) as landed on held.ping_id = landed.ping_id and held.received_at = landed.received_at'
        ~ ' where landed.ping_id is null'
    ).rows[0] -%}
    {{ return({'count': found[0], 'what': 'rows of the raw table', 'first': found[1]} if found[0] else none) }}
{% endmacro %}

{#- The relation of a raw table, by its name in the raw contract. -#}
{% macro raw_relation(name) %}
    {%- for source in graph.sources.values() if source.name == name -%}
        {{ return(api.Relation.create(database=source.database, schema=source.schema, identifier=source.identifier)) }}
    {%- endfor -%}
{% endmacro %}

{#- `dbt run-operation forget_raw --args '{path: ...}'`: forgets what was read from a raw folder (or raw table), or from one
    file or folder below it. The next run makes the marts without it, and reads again what is still there. -#}
{% macro forget_raw(path) %}
    {%- set leaves = customer_health.earlier_leaves() -%}
    {%- if not leaves -%}
        {{ exceptions.raise_compiler_error('nothing was read into this database (' ~ target.database ~ ', ' ~ target.schema ~ ')') }}
    {%- endif -%}
    {%- set places = customer_health.names_read(leaves, 'raw_path') -%}
    {%- set given = (path | string).rstrip('/') -%}
    {%- if given in places or not places -%}
        {%- set forgotten = 'true' -%}
    {%- else -%}
        {%- set below = namespace(name=given) -%}
        {%- for place in places if given.startswith(place ~ '/') -%}
            {%- set below.name = given[place | length + 1:] -%}
        {%- endfor -%}
        {%- set name = customer_health.sql_text(below.name) -%}
        {%- set forgotten = '(source_file = ' ~ name ~ ' or substr(source_file, 1, ' ~ (below.name | length + 1) ~ ') = '
            ~ customer_health.sql_text(below.name ~ '/') ~ ')' -%}
    {%- endif -%}
    {%- set found = run_query(
        "select count(*), count(distinct source_file) from " ~ leaves ~ " where key_path = '' and ping_id is not null and " ~ forgotten
    ).rows[0] -%}
    {%- if not found[0] and forgotten != 'true' -%}
        {{ exceptions.raise_compiler_error(
            'nothing was read from "' ~ path ~ '". This database was made from "' ~ places | join('", "')
            ~ '"; give that, or a file or folder below it.'
        ) }}
    {%- endif -%}
    {%- do run_query('delete from ' ~ leaves ~ ' where ' ~ forgotten) -%}
    {%- set saved = customer_health.earlier_model('base_service_ping__saved_arrivals') -%}
    {%- do run_query('delete from ' ~ saved) if saved and forgotten == 'true' -%}
    {%- do adapter.commit() if adapter.commit is defined -%}
    {%- do log('Forgot ' ~ found[0] ~ ' arrivals of pings from ' ~ found[1] ~ ' files. Run dbt build to make the marts without them.', info=true) -%}
{% endmacro %}
