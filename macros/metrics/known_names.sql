{#- A name, or a list of them, that also stands in the registry or a seed. What is written `known('measure', 'scm_user_rate')`
    in a model or a test is looked up there, so that a renamed metric or signal is an error and not a silent null. -#}
{% macro known(vocabulary, names) -%}
    {%- if vocabulary not in customer_health.vocabularies() -%}
        {{ exceptions.raise_compiler_error(
            'known() knows no vocabulary "' ~ vocabulary ~ '", only: ' ~ customer_health.vocabularies().keys() | join(', ')
        ) }}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}

{#- Where the names of a vocabulary are defined: the registry of metrics, or a column of a seed. -#}
{% macro vocabularies() %}
    {{ return({
        'metric': none,
        'measure': ['measures', 'measure'],
        'score_group': ['score_groups', 'score_group'],
        'use_case': ['use_cases', 'use_case'],
        'signal': ['signal_rules', 'signal'],
        'setting': ['health_settings', 'setting'],
        'data_quality_check': ['data_quality_checks', 'check_name'],
    }) }}
{% endmacro %}

{#- on-run-start: metrics, and the seeds that this run does not load; after a seed is loaded, check_seed_names. -#}
{% macro check_known_names() %}
    {%- do customer_health.check_uses('metric', customer_health.metric_names(), 'the registry of metrics (`make registry`)') -%}
    {%- for place in customer_health.vocabularies().values() if place -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.name == place[0] -%}
            {%- set loaded = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- if loaded and node.unique_id not in selected_resources -%}
                {%- do customer_health.check_seed_names(loaded, place[0], ' as loaded before (`dbt seed` loads it again)') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{#- Every name of a seed that the SQL uses is in it. The table exists; that dbt knows it by now is not asked, for dbt forgets a
    seed that it makes anew until the post-hook is through. -#}
{% macro check_seed_names(relation, seed, when='') %}
    {%- if execute -%}
        {%- for vocabulary, place in customer_health.vocabularies().items() if place and place[0] == seed -%}
            {%- set known = run_query('select distinct ' ~ place[1] ~ ' from ' ~ relation).columns[0].values() | list -%}
            {%- do customer_health.check_uses(vocabulary, known, 'seeds/' ~ seed ~ '.csv' ~ when) -%}
        {%- endfor -%}
        {%- do customer_health.check_score_groups(relation) if seed == 'score_groups' -%}
        {%- do customer_health.check_seat_precedence(relation) if seed == 'seat_sources' -%}
    {%- endif -%}
{% endmacro %}

{#- Stops at the first name that is used and not known, with every file that uses it. -#}
{% macro check_uses(vocabulary, known, place) %}
    {%- set use = "known[(]'" ~ vocabulary ~ "',([^)]*)[)]" -%}
    {%- set users = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'test') and node.raw_code -%}
        {%- set used = modules.re.findall("'([^']*)'", modules.re.findall(use, node.raw_code) | join(' ')) -%}
        {%- for name in used | unique if name not in known -%}
            {%- do users.setdefault(name, []).append(node.original_file_path) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name, files in users.items() -%}
        {{ exceptions.raise_compiler_error(
            place ~ ' lacks the ' ~ vocabulary ~ ' "' ~ name ~ '", which ' ~ files | sort | join(' and ')
            ~ (' name' if files | length > 1 else ' names') ~ '; the closest are: '
            ~ customer_health.closest_names(name, known) | join(', ')
        ) }}
    {%- endfor -%}
{% endmacro %}
