{#- Figures inside sentences: `59 %`, `0.12`, `4`. Decimals are cut off, not rounded, so that a figure below a bound is never
    shown as the bound. Wide decimals, for a ratio of two counts may be beyond every integer type (see shown_value). -#}

{#- A number with as many decimals as it needs, two at most. -#}
{% macro shown_number(value) -%}
    case
        when floor({{ customer_health.rounded(value, 6) }}) = {{ customer_health.rounded(value, 6) }}
            then cast(cast({{ customer_health.rounded(value, 6) }} as decimal(38, 0)) as {{ dbt.type_string() }})
        else cast(cast(floor({{ customer_health.rounded('100 * (' ~ value ~ ')', 6) }}) / 100 as decimal(38, 2))
            as {{ dbt.type_string() }})
    end
{%- endmacro %}

{#- A share in whole percent; with a decimal where whole percent would hide that it misses the bound. -#}
{% macro shown_share(value, bound='null') -%}
    case
        when {{ bound }} is not null and {{ value }} < {{ bound }}
            and round(100 * ({{ value }})) >= {{ customer_health.rounded('100 * (' ~ bound ~ ')', 6) }}
            then cast(cast(floor({{ customer_health.rounded('1000 * (' ~ value ~ ')', 6) }}) / 10 as decimal(38, 1))
                as {{ dbt.type_string() }})
        else cast(cast(round(100 * ({{ value }})) as decimal(38, 0)) as {{ dbt.type_string() }})
    end || ' %'
{%- endmacro %}

{#- A bound of a share, with the decimals that it has. -#}
{% macro shown_bound(value) -%}
    case
        when round({{ customer_health.rounded('100 * (' ~ value ~ ')', 6) }}) = {{ customer_health.rounded('100 * (' ~ value ~ ')', 6) }}
            then cast(cast(round(100 * ({{ value }})) as decimal(38, 0)) as {{ dbt.type_string() }})
        else cast(cast(100 * ({{ value }}) as decimal(38, 1)) as {{ dbt.type_string() }})
    end || ' %'
{%- endmacro %}

{#- Score points with their sign: `+2.50`, `-0.40`. -#}
{% macro shown_points_change(value) -%}
    case when {{ value }} < 0 then '-' else '+' end || {{ customer_health.shown_points('abs(' ~ value ~ ')') }}
{%- endmacro %}

{#- Two shares, in whole percent where that tells them apart, and the lower from the bound between them: `84 % to 62 %`,
    `80.12 % to 79.87 %`, `17 % to 9.5 %`. -#}
{% macro shown_share_pair(earlier, later, bound='null') -%}
    case
        when round(100 * ({{ earlier }})) = round(100 * ({{ later }}))
            then cast(cast(100 * ({{ earlier }}) as decimal(38, 2)) as {{ dbt.type_string() }}) || ' % to '
                || cast(cast(100 * ({{ later }}) as decimal(38, 2)) as {{ dbt.type_string() }}) || ' %'
        else {{ customer_health.shown_share(earlier, bound) }} || ' to ' || {{ customer_health.shown_share(later, bound) }}
    end
{%- endmacro %}
