{#- Calendar arithmetic. `grain` is month, two_weeks or week; weeks start on Monday, two-week periods count
    from Monday 2020-01-06. All take and return dates. -#}

{#- The mart's clock as text, YYYY-MM-DD: var as_of, today in UTC without one. `yesterday` is for schedules: the run of the
    1st, or of a Monday, is then about the period that has just ended, not about the first hours of the next. -#}
{% macro as_of_day() -%}
    {%- set wanted = var('as_of', none) -%}
    {%- set today = run_started_at.date() -%}
    {%- if wanted == 'yesterday' -%}
        {{ return((today - modules.datetime.timedelta(days=1)) | string) }}
    {%- endif -%}
    {{ return((wanted or today) | string) }}
{%- endmacro %}

{% macro as_of() -%}
    cast('{{ customer_health.as_of_day() }}' as date)
{%- endmacro %}

{% macro grain() -%}
    {%- set grain = var('grain', 'month') -%}
    {%- if grain not in ('month', 'two_weeks', 'week') -%}
        {{ exceptions.raise_compiler_error("var grain is '" ~ grain ~ "'; it must be month, two_weeks or week") }}
    {%- endif -%}
    {{ return(grain) }}
{%- endmacro %}

{#- First day of the period that holds a date. -#}
{% macro period_start(day) -%}
    {%- set grain = customer_health.grain() -%}
    {%- if grain == 'month' -%}
        cast({{ dbt.date_trunc('month', day) }} as date)
    {%- else -%}
        {{ customer_health.week_start(day, customer_health.days_in_period()) }}
    {%- endif -%}
{%- endmacro %}

{#- The Monday of the week that holds a date; of two weeks, counted from Monday 2020-01-06, with 14. -#}
{% macro week_start(day, days=7) -%}
    {{ customer_health.days_later(
        "cast('2020-01-06' as date)",
        'cast(floor(' ~ customer_health.days_between("cast('2020-01-06' as date)", day) ~ ' / '
        ~ days ~ '.0) * ' ~ days ~ ' as integer)'
    ) }}
{%- endmacro %}

{% macro days_in_period() -%}
    {{ return(14 if customer_health.grain() == 'two_weeks' else 7) }}
{%- endmacro %}

{#- First day of the period `count` periods after (or, negative, before) the one that starts on `start`. -#}
{% macro periods_later(start, count) -%}
    {%- if customer_health.grain() == 'month' -%}
        cast({{ dbt.dateadd('month', count, start) }} as date)
    {%- else -%}
        {{ customer_health.days_later(start, '(' ~ count ~ ') * ' ~ customer_health.days_in_period()) }}
    {%- endif -%}
{%- endmacro %}

{#- Last day of the period that starts on `start`. -#}
{% macro period_end(start) -%}
    {{ customer_health.days_later(customer_health.periods_later(start, 1), -1) }}
{%- endmacro %}

{#- The day on which the period that holds a date is measured: its last one, or as_of while it is open. -#}
{% macro measurement_day(day) -%}
    least({{ customer_health.period_end(customer_health.period_start(day)) }}, {{ customer_health.as_of() }})
{%- endmacro %}

{% macro days_later(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{% macro months_later(day, months) -%}
    cast({{ dbt.dateadd('month', months, day) }} as date)
{%- endmacro %}

{% macro days_between(earlier, later) -%}
    {{ dbt.datediff(earlier, later, 'day') }}
{%- endmacro %}

{#- Completed months between two dates (docs/rules.md 2): 12*(Y2-Y1) + (M2-M1), less 1 when the day of month is earlier. -#}
{% macro completed_months(start, until) -%}
    (
        12 * (extract(year from {{ until }}) - extract(year from {{ start }}))
        + (extract(month from {{ until }}) - extract(month from {{ start }}))
        - case when extract(day from {{ until }}) < extract(day from {{ start }}) then 1 else 0 end
    )
{%- endmacro %}
