{#- Tolerant readings of text. A value that cannot be read is null; one bad value never fails a run. -#}

{#- Trimmed text, with '' as null. Blanks, tabs, ends of line and the blank that spreadsheets put in (160) are trimmed; left to
    themselves, the warehouses differ in what a blank is. -#}
{% macro clean_text(expression) -%}
    nullif(
        trim(cast({{ expression }} as {{ dbt.type_string() }}), ' ' || chr(9) || chr(10) || chr(13) || chr(160)), ''
    )
{%- endmacro %}

{#- An id or a word that is shown as it came: trimmed. What holds an @ may be somebody's address, and gets a stable name made
    from it instead, the same everywhere, so that rows still find each other. -#}
{% macro clean_id(expression) -%}
    {%- set text = customer_health.clean_text(expression) -%}
    case when {{ text }} like '%@%' then 'masked-' || substr(md5({{ text }}), 1, 12) else {{ text }} end
{%- endmacro %}

{#- True when the text is a plain decimal number: no NaN, no infinity, no words. -#}
{#- Patterns hold no backslash: the warehouses differ in how a string literal escapes one. -#}
{% macro is_number(expression) -%}
    {{ customer_health.full_match('trim(' ~ expression ~ ')', '[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?') }}
{%- endmacro %}

{% macro full_match(expression, pattern) -%}
    {{ adapter.dispatch('full_match', 'customer_health')(expression, pattern) }}
{%- endmacro %}

{% macro default__full_match(expression, pattern) -%}
    coalesce(regexp_like({{ expression }}, '{{ pattern }}'), false)
{%- endmacro %}

{% macro duckdb__full_match(expression, pattern) -%}
    coalesce(regexp_full_match({{ expression }}, '{{ pattern }}'), false)
{%- endmacro %}

{#- The first part of the text that matches; '' or null when none does. -#}
{% macro first_match(expression, pattern) -%}
    {{ adapter.dispatch('first_match', 'customer_health')(expression, pattern) }}
{%- endmacro %}

{% macro default__first_match(expression, pattern) -%}
    regexp_substr({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro duckdb__first_match(expression, pattern) -%}
    regexp_extract({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro to_double(expression) -%}
    {{ adapter.dispatch('to_double', 'customer_health')(expression) }}
{%- endmacro %}

{% macro default__to_double(expression) -%}
    try_cast(trim({{ expression }}) as double)
{%- endmacro %}

{#- Whole numbers only: left to themselves, the warehouses round 1200.5 to 1201. Null when it does not fit. -#}
{% macro to_integer(expression) -%}
    case
        when {{ customer_health.full_match('trim(' ~ expression ~ ')', '[+-]?[0-9]+([.]0*)?') }}
            then try_cast(trim({{ expression }}) as integer)
    end
{%- endmacro %}

{#- A number from 0 up, however it is written (1e3), as an integer; what stands behind the point is cut off, and what does not
    fit is null. For texts in which number_finding found nothing. -#}
{% macro to_whole(expression) -%}
    {%- set number = customer_health.to_double(expression) -%}
    cast(case when {{ number }} between 0 and 2147483647 then floor({{ number }}) end as integer)
{%- endmacro %}

{% macro to_boolean(expression) -%}
    case lower(trim({{ expression }})) when 'true' then true when 'false' then false end
{%- endmacro %}

{#- YYYY-MM-DD, alone or before a time. Left to themselves, DuckDB reads '26-01-31' as a day of the year 26, and Snowflake
    '12345' as seconds since 1970 and other countries' orders. -#}
{% macro to_date(expression) -%}
    case
        when {{ customer_health.full_match('trim(' ~ expression ~ ')', '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?') }}
            then {{ adapter.dispatch('to_date', 'customer_health')("substr(trim(" ~ expression ~ "), 1, 10)") }}
    end
{%- endmacro %}

{% macro default__to_date(day) -%}
    try_cast({{ day }} as date)
{%- endmacro %}

{% macro snowflake__to_date(day) -%}
    try_to_date({{ day }}, 'YYYY-MM-DD')
{%- endmacro %}

{#- UTC timestamp without zone from any of `2020-04-17T07:43:54.162+00:00`, `...Z`, `2021-02-09 13:25:42 UTC`. -#}
{% macro to_utc_timestamp(expression) -%}
    {{ adapter.dispatch('to_utc_timestamp', 'customer_health')(expression) }}
{%- endmacro %}

{#- ISO text only: left to itself, DuckDB reads '26-01-31' as a day of the year 26, 'epoch' and 'infinity'. -#}
{#- The one form of a time that is read, whatever the session's own formats and zone: a day, then perhaps a time, then perhaps
    an offset, without which it is UTC. -#}
{% macro time_pattern() -%}
    [0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?( ?[+-][0-9]{2}(:?[0-9]{2})?)?)?
{%- endmacro %}

{#- A time with ' UTC' or 'Z' written as an offset. -#}
{% macro zoned_text(expression) -%}
    regexp_replace(trim({{ expression }}), '( UTC|Z)$', '+00:00')
{%- endmacro %}

{% macro duckdb__to_utc_timestamp(expression) -%}
    {%- set text = customer_health.zoned_text(expression) -%}
    (case
        when {{ customer_health.full_match(text, customer_health.time_pattern()) }}
            then try_cast(case
                when length({{ text }}) = 10 then {{ text }} || 'T00:00:00+00:00'
                when regexp_matches(substr({{ text }}, 12), '[+-]') then replace(substr({{ text }}, 1, 10) || 'T' || substr({{ text }}, 12), ' ', '')
                else {{ text }} || '+00:00'
            end as timestamptz)
    end at time zone 'UTC')
{%- endmacro %}

{#- The same as one text of all parts, read by a format that has them all. -#}
{% macro snowflake__to_utc_timestamp(expression) -%}
    {%- set text = customer_health.zoned_text(expression) -%}
    {%- set rest = "replace(substr(" ~ text ~ ", 12), ' ', '')" -%}
    {%- set clock = "coalesce(nullif(regexp_substr(" ~ rest ~ ", '^[0-9:]+'), ''), '00:00:00')" -%}
    {%- set fraction = "coalesce(nullif(substr(regexp_substr(" ~ rest ~ ", '[.][0-9]+'), 2), ''), '0')" -%}
    {%- set offset = "coalesce(nullif(replace(regexp_substr(" ~ rest ~ ", '[+-][0-9:]+$'), ':', ''), ''), '+0000')" -%}
    cast(convert_timezone('UTC', try_to_timestamp_tz(
        case
            when {{ customer_health.full_match(text, customer_health.time_pattern()) }}
                then substr({{ text }}, 1, 10) || 'T' || {{ clock }}
                    || case when length({{ clock }}) = 5 then ':00' else '' end || '.' || {{ fraction }}
                    || substr({{ offset }}, 1, 3) || ':'
                    || case when length({{ offset }}) = 5 then substr({{ offset }}, 4) else '00' end
        end,
        'YYYY-MM-DD"T"HH24:MI:SS.FFTZH:TZM'
    )) as timestamp_ntz)
{%- endmacro %}

{#- Four decimals for what people see; comparisons use the unrounded value. See rounded(). -#}
{% macro shown_ratio(expression) -%}
    (round({{ customer_health.rounded(expression) }}, 4) + 0)
{%- endmacro %}
