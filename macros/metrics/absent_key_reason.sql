{#- Why a ping lacks a metric's key: its plan, its version, or nothing that is known (docs/rules.md 5). `holder` has what the
    ping says of itself; metrics (with its tier's rank) and metric_paths are there, too. -#}
{% macro absent_key_reason(holder) -%}
    case
        when {{ holder }}.tier_rank < metrics.tier_rank then 'tier'
        when {{ holder }}.version_major < metrics.min_major
            or ({{ holder }}.version_major = metrics.min_major and {{ holder }}.version_minor < metrics.min_minor)
            then 'version_below_minimum'
        when {{ holder }}.version_major * 1000 + {{ holder }}.version_minor >= metric_paths.removed_in
            then 'metric_removed'
        else 'key_absent'
    end
{%- endmacro %}

{#- Which of a metric's key paths counts: the newest that is reported, else one that failed. -#}
{% macro first_usable_path() -%}
    case value_status when 'reported' then 1 when 'failed' then 2 else 3 end, priority
{%- endmacro %}
