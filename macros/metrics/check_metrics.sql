{#- Stops the build when the registry and the folder differ, or when two metrics read one key path. -#}
{% macro check_metrics() %}
    {%- set registered = customer_health.metric_names() -%}
    {%- set found = [] -%}
    {%- set owners = {} -%}
    {%- for metric in customer_health.metric_registry() -%}
        {%- do found.append(metric.name) -%}
        {%- for path in metric.key_paths -%}
            {%- if path in owners -%}
                {{ exceptions.raise_compiler_error('key path "' ~ path ~ '" is read by two metric models, ' ~ owners[path] ~ ' and ' ~ metric.model ~ '; let one of them go, or derive it from the other') }}
            {%- endif -%}
            {%- do owners.update({path: metric.model}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name in found if name not in registered -%}
        {{ exceptions.raise_compiler_error('metric model metric_' ~ name ~ ' is not in macros/_generated/metric_models.sql; run `make registry`') }}
    {%- endfor -%}
    {%- for name in registered if name not in found -%}
        {{ exceptions.raise_compiler_error('macros/_generated/metric_models.sql names metric_' ~ name ~ ', which has no model; run `make registry`') }}
    {%- endfor -%}
    {%- set paths = customer_health.extracted_key_paths() -%}
    {%- for path in paths -%}
        {%- for other in paths if other.startswith(path ~ '.') -%}
            {{ exceptions.raise_compiler_error('key path "' ~ path ~ '" (' ~ owners.get(path, 'var ping_envelope') ~ ') is a part of "' ~ other ~ '" (' ~ owners.get(other, 'var ping_envelope') ~ '); a key is either a value or an object') }}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{#- on-run-start: what must hold before any model runs. -#}
{% macro check_project() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test', 'compile') -%}
        {%- do customer_health.grain() -%}
        {%- do customer_health.check_as_of() -%}
        {%- do customer_health.check_choices() -%}
        {%- do customer_health.check_metrics() -%}
        {%- do customer_health.check_publish_columns() -%}
        {%- do customer_health.check_score_columns() -%}
        {%- do customer_health.check_seat_sources() -%}
        {%- do customer_health.check_known_names() -%}
        {%- if flags.WHICH in ('build', 'run') -%}
            {%- do customer_health.check_raw_input() -%}
            {%- do customer_health.check_same_raw_data() -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
