{#- Fields of the ping's envelope as the product writes them (docs/rules.md 1). -#}

{#- Trimmed and lower-cased; null and a failed count (-1) are ''. An address of the network would tell where somebody
    sits, and one with an @ who somebody is, so either is replaced by a stable name; loopback addresses are nobody's. -#}
{% macro clean_hostname(hostname) -%}
    {%- set trimmed = "lower(coalesce(" ~ customer_health.clean_text(hostname) ~ ", ''))" -%}
    case
        when {{ customer_health.full_match(trimmed, '-[0-9]+') }} then ''
        when {{ trimmed }} like '127.%' or {{ trimmed }} = '::1' then {{ trimmed }}
        when {{ customer_health.full_match(trimmed, '[0-9]{1,3}([.][0-9]{1,3}){3}(:[0-9]*)?') }}
            or {{ customer_health.full_match(trimmed, '[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(%.*)?') }}
            or {{ customer_health.full_match(trimmed, '[[].*[]](:[0-9]*)?') }}
            or {{ trimmed }} like '%@%'
            then 'ip-' || substr(md5({{ trimmed }}), 1, 12)
        else {{ trimmed }}
    end
{%- endmacro %}

{#- '13.9.0-pre' and 'v13.9.0' -> '13.9.0': nothing after the third number. -#}
{% macro clean_version(version) -%}
    nullif({{ customer_health.first_match(customer_health.bare_version(version), '^[0-9]+([.][0-9]+){0,2}') }}, '')
{%- endmacro %}

{% macro version_part(version, part) -%}
    {{ customer_health.to_integer(dbt.split_part(
        "split_part(" ~ customer_health.bare_version(version) ~ ", '-', 1)", "'.'", part
    )) }}
{%- endmacro %}

{#- Without the v that some put before it. -#}
{% macro bare_version(version) -%}
    ltrim(trim({{ version }}), 'vV')
{%- endmacro %}

{#- The hash of a licence key: hexadecimal figures, in lower case, without dashes. Anything else is none, and so is a lone
    figure (0): null. -#}
{% macro clean_hash(expression) -%}
    case
        when {{ customer_health.full_match("lower(trim(" ~ expression ~ "))", '[0-9a-f]+-?[0-9a-f]+(-[0-9a-f]+)*') }}
            then lower(replace(trim({{ expression }}), '-', ''))
    end
{%- endmacro %}

{#- A licence's last day; a date past what warehouses can show is clamped (docs/rules.md 1). -#}
{% macro license_end(expression) -%}
    case
        when {{ customer_health.full_match('trim(' ~ expression ~ ')', '[0-9]{5,}-.*') }} then cast('9999-12-30' as date)
        when {{ customer_health.to_date(expression) }} > cast('9999-12-30' as date) then cast('9999-12-30' as date)
        else {{ customer_health.to_date(expression) }}
    end
{%- endmacro %}
