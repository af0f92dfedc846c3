{#- How dbt's snapshots keep to as_of, the only clock (docs/rules.md 9). A snapshot holds days: of several builds with one
    as_of the last one counts, and a build with an older as_of writes nothing. -#}

{#- dbt dates changes and deletions by this. -#}
{% macro default__snapshot_get_time() -%}
    {{ customer_health.as_of() }}
{%- endmacro %}

{#- The newest day a snapshot knows of; end_snapshot_day keeps it true on days without a change. -#}
{% macro newest_snapshot_day(relation) -%}
    (select coalesce(greatest(max(dbt_updated_at), coalesce(max(dbt_valid_to), max(dbt_updated_at))), date '1900-01-01') from {{ relation }})
{%- endmacro %}

{#- Before a snapshot: what an earlier build with the same as_of wrote is taken back, in two statements. -#}
{% macro take_back_snapshot_day(relation) -%}
    {%- if execute and load_relation(relation) is not none -%}
        delete from {{ relation }}
        where dbt_valid_from = {{ customer_health.as_of() }}
            and {{ customer_health.as_of() }} >= {{ customer_health.newest_snapshot_day(relation) }}
    {%- endif -%}
{%- endmacro %}

{% macro reopen_snapshot_day(relation) -%}
    {%- if execute and load_relation(relation) is not none -%}
        update {{ relation }} set dbt_valid_to = null
        where dbt_valid_to = {{ customer_health.as_of() }}
            and {{ customer_health.as_of() }} >= {{ customer_health.newest_snapshot_day(relation) }}
    {%- endif -%}
{%- endmacro %}

{#- After a snapshot: every open row was seen on this day. -#}
{% macro end_snapshot_day(relation) -%}
    update {{ relation }} set dbt_updated_at = {{ customer_health.as_of() }}
    where dbt_valid_to is null and dbt_updated_at < {{ customer_health.as_of() }}
{%- endmacro %}

{#- dbt's own, but a build with an older as_of compares the snapshot with itself, so that nothing differs. -#}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set newest = run_query(
        'select max(day) from (select ' ~ customer_health.newest_snapshot_day(target_relation) ~ ' as day) as newest'
        ~ ' where day > ' ~ customer_health.as_of()
    ).columns[0].values()[0] -%}
    {%- if newest is none -%}
        {{ return(dbt.default__snapshot_staging_table(strategy, source_sql, target_relation)) }}
    {%- endif -%}
    {{ log('as_of is older than the newest snapshot (' ~ newest ~ '): ' ~ target_relation.identifier ~ ' is read as it was then, and not written.', info=true) }}
    {%- set kept = [] -%}
    {%- for column in adapter.get_columns_in_relation(target_relation) if column.name | lower not in ['dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to'] -%}
        {%- do kept.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- do strategy.update({'row_changed': 'false'}) -%}
    {{ return(dbt.default__snapshot_staging_table(
        strategy, 'select ' ~ kept | join(', ') ~ ' from ' ~ target_relation ~ ' where dbt_valid_to is null', target_relation
    )) }}
{%- endmacro %}
