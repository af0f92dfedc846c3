{#- Every state of the rows of a CRM table that we were told, and from which day to which day it was the one known
    (docs/rules.md 9). The present is what staging holds, the past what the snapshot closed, or will close when it is taken
    next. A build with an as_of older than the newest snapshot reads the snapshot alone, and from staging only rows that no
    snapshot has seen. -#}
{% macro known_states(current_rows, snapshot, key, columns) -%}
{%- set same_key = [] -%}
{%- for column in key %}{% do same_key.append('{0}.' ~ column ~ ' = {1}.' ~ column) %}{% endfor -%}
{%- set same_key = same_key | join(' and ') -%}
with

current_rows as (

    select * from {{ current_rows }}

),

snapshotted as (

    select
        *,
        dbt_valid_from = min(dbt_valid_from) over (partition by {{ key | join(', ') }}) as is_first,
        max(greatest(dbt_updated_at, coalesce(dbt_valid_to, dbt_updated_at))) over () > {{ as_of() }} as is_old_build
    from {{ snapshot_rows(snapshot, current_rows) }}

),

open_states as (

    {#- What the files say otherwise by now is an edit of this day, whether a snapshot has dated it yet or not. #}
    select
        snapshotted.*,
        (
            current_rows.{{ key[0] }} is not null
            {%- for column in columns if column not in key %}
            and snapshotted.{{ column }} is not distinct from current_rows.{{ column }}
            {%- endfor %}
        ) as is_held
    from snapshotted
    left join current_rows
        on {{ same_key.format('snapshotted', 'current_rows') }}
    where snapshotted.dbt_valid_to is null

),

seen_keys as (

    select
        {{ key | join(', ') }},
        max(case when is_old_build then 1 else 0 end) as is_old_build
    from snapshotted
    group by {{ key | join(', ') }}

),

present as (

    select
        {%- for column in columns %}
        current_rows.{{ column }},
        {%- endfor %}
        case
            when seen_keys.{{ key[0] }} is null then null
            when open_states.is_held or open_states.dbt_valid_from = {{ as_of() }}
                then case when not open_states.is_first then open_states.dbt_valid_from end
            else {{ as_of() }}
        end as known_from,
        cast(null as date) as known_to
    from current_rows
    left join seen_keys
        on {{ same_key.format('current_rows', 'seen_keys') }}
    left join open_states
        on {{ same_key.format('current_rows', 'open_states') }}
    where coalesce(seen_keys.is_old_build, 0) = 0

),

past as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        case when not is_first then dbt_valid_from end as known_from,
        {{ days_later('dbt_valid_to', -1) }} as known_to
    from snapshotted
    where dbt_valid_to is not null or is_old_build

),

ended_today as (

    {#- Edited or deleted since the newest snapshot. #}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        case when not is_first then dbt_valid_from end as known_from,
        {{ days_later(as_of(), -1) }} as known_to
    from open_states
    where not is_held and not is_old_build and dbt_valid_from < {{ as_of() }}

),

states as (

    select * from present
    union all
    select * from past
    union all
    select * from ended_today

),

known as (

    select
        *,
        {{ customer_health.is_known('states', as_of()) }} as is_known_now,
        row_number() over (partition by {{ key | join(', ') }} order by known_from desc nulls last) = 1 as is_latest
    from states
    where known_from is null or known_from <= {{ as_of() }}

)

select * from known
{%- endmacro %}

{#- The rows of a snapshot; none where there is no snapshot yet, as in a `dbt run` before the first `dbt build`. -#}
{% macro snapshot_rows(snapshot, current_rows) -%}
    {%- if execute and load_relation(snapshot) is none -%}
        (
            select *, cast(null as date) as dbt_valid_from, cast(null as date) as dbt_valid_to,
                cast(null as date) as dbt_updated_at
            from {{ current_rows }}
            where false
        ) as no_snapshot
    {%- else -%}
        {{ snapshot }}
    {%- endif -%}
{%- endmacro %}

{#- Whether a state was the one known on a day: in a period, its measurement day. No bound is no limit. -#}
{% macro is_known(states, day) -%}
    ({{ states }}.known_from is null or {{ states }}.known_from <= {{ day }})
    and ({{ states }}.known_to is null or {{ day }} <= {{ states }}.known_to)
{%- endmacro %}

