-- No row of a seed stands twice, and words are those that the models know: what seeds/_seeds.yml says of each (config.meta:
-- grain, other_key, allowed). One test for all seeds, for they are small and each test costs dbt some 30 ms.
{%- set seeds = [
    'benchmark_cells', 'benchmark_measures', 'benchmark_quartiles', 'change_statuses', 'cta_priorities',
    'cta_severities', 'cta_signals', 'customer_reasons', 'data_quality_checks', 'editions', 'finding_kinds',
    'health_settings', 'input_limits', 'instance_type_aliases', 'internal_instances', 'measure_texts',
    'measure_weights', 'measures', 'product_tier_words', 'product_tiers', 'report_texts', 'score_bands',
    'score_groups', 'score_points', 'scored_measures', 'seat_sources', 'sentinels', 'signal_rules',
    'staging_hosts', 'student_t', 'subscription_status_aliases', 'suggestion_reasons', 'use_cases',
    'value_statuses',
] %}
{%- if execute %}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.name not in seeds and node.package_name == model.package_name %}
        {{ exceptions.raise_compiler_error('the seed ' ~ node.name ~ ' is not in the list of ' ~ model.original_file_path) }}
    {%- endfor %}
{%- endif %}
with

broken_rows as (

    {%- for seed in seeds %}
    {%- set relation = ref(seed) %}
    {%- set meta = seed_meta(seed) %}
    {%- for key in [meta.grain, meta.other_key] if key %}
    select
        '{{ seed }}' as seed,
        {% for column in key %}coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null'){{ " || ', ' || " if not loop.last }}{% endfor %} as row_key,
        problem
    from (
        {{ judged_rows(relation, key, [], meta.allowed or {} if loop.first else {}) | indent(8) }}
    ) as {{ seed }}_rows
    where problem is not null
    union all
    {%- endfor %}
    {%- endfor %}
    select '' as seed, '' as row_key, '' as problem
    where false

)

select * from broken_rows
