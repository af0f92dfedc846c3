{#- Every metric model of the project as a dict of its `config.meta.metric` plus name, description and the metrics it is made of, sorted by
    name. Known only at run time: while dbt parses, `graph` is empty and this returns an empty list. -#}
{% macro metric_registry() %}
    {%- set metrics = [] -%}
    {%- if execute and graph.nodes is defined -%}
        {%- for node in graph.nodes.values() | sort(attribute='name') -%}
            {%- if node.resource_type == 'model' and node.name.startswith('metric_') -%}
                {%- set meta = customer_health.metric_meta(node) -%}
                {%- set parts = [] -%}
                {%- for parent in node.depends_on.nodes if parent.split('.')[-1].startswith('metric_') -%}
                    {%- do parts.append(parent.split('.')[-1][7:]) -%}
                {%- endfor -%}
                {%- do metrics.append(dict(
                    meta, name=node.name[7:], model=node.name, description=node.description,
                    derived_from=parts | unique | sort | join(', ')
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(metrics) }}
{% endmacro %}

{#- The checked `config.meta.metric` of one node. Raises a compiler error that names the model and the key. -#}
{% macro metric_meta(node) %}
    {%- set meta = ((node.config or {}).get('meta') or {}).get('metric') -%}
    {%- set where = node.name ~ ' (' ~ node.original_file_path ~ ')' -%}
    {%- if not meta -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ' has no config.meta.metric in its yml; see CONTRIBUTING.md, "Add a metric"') }}
    {%- endif -%}
    {%- set required = ['label', 'stage', 'use_case', 'unit', 'time_frame', 'key_paths', 'min_version', 'tier'] -%}
    {%- set optional = ['gainsight_field', 'removed_in', 'min_value', 'max_value'] -%}
    {%- for key in required if key not in meta -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ': config.meta.metric lacks the key "' ~ key ~ '"') }}
    {%- endfor -%}
    {%- for key in meta if key not in required + optional -%}
        {{ exceptions.raise_compiler_error(
            'metric model ' ~ where ~ ': config.meta.metric has the unknown key "' ~ key ~ '"; known keys: '
            ~ (required + optional) | join(', ')
        ) }}
    {%- endfor -%}
    {%- set vocabularies = {
        'unit': ['users', 'events', 'projects', 'ratio', 'flag', 'setting'],
        'time_frame': ['none', '7d', '28d', 'all', 'period'],
        'tier': ['free', 'starter', 'premium', 'ultimate'],
        'use_case': (var('metric_use_cases') + customer_health.score_group_names()) | unique | list,
    } -%}
    {%- for key, allowed in vocabularies.items() if meta[key] not in allowed -%}
        {{ exceptions.raise_compiler_error(
            'metric model ' ~ where ~ ': config.meta.metric.' ~ key ~ ' is "' ~ meta[key] ~ '"; it must be one of '
            ~ allowed | join(', ')
        ) }}
    {%- endfor -%}
    {%- if meta.key_paths is string or meta.key_paths is not iterable -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ': config.meta.metric.key_paths must be a list, newest path first (empty for a derived metric)') }}
    {%- endif -%}
    {%- for path in meta.key_paths if path is not string or not modules.re.match('^[^\'"\\s]+$', path) -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ': config.meta.metric.key_paths holds "' ~ path ~ '"; a key path is the names of the payload\'s keys, joined by dots') }}
    {%- endfor -%}
    {%- for path, version in (meta.removed_in or {}).items()
        if path not in meta.key_paths or not modules.re.match('^[0-9]+[.][0-9]+$', version | string) -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ': config.meta.metric.removed_in says "' ~ path ~ ': ' ~ version ~ '"; it needs one of the key_paths and a version as text, "17.0"') }}
    {%- endfor -%}
    {%- for key in ('min_value', 'max_value') if key in meta and meta[key] is not number -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ': config.meta.metric.' ~ key ~ ' is "' ~ meta[key] ~ '"; it must be a number') }}
    {%- endfor -%}
    {%- if not modules.re.match('^[0-9]+[.][0-9]+$', meta.min_version | string) -%}
        {{ exceptions.raise_compiler_error('metric model ' ~ where ~ ': config.meta.metric.min_version is "' ~ meta.min_version ~ '"; write it as text, "15.10"') }}
    {%- endif -%}
    {{ return(meta) }}
{% endmacro %}

{#- All key paths to extract, sorted: every metric's, and the envelope's. -#}
{% macro extracted_key_paths() %}
    {%- set paths = customer_health.envelope_paths() -%}
    {%- for metric in customer_health.metric_registry() -%}
        {%- do paths.extend(metric.key_paths) -%}
    {%- endfor -%}
    {{ return(paths | unique | sort) }}
{% endmacro %}
