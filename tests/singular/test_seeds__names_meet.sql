-- A name in one seed that no other place knows would silently take a measure out of every score: metrics, measures,
-- groups, use cases, tiers and instance types of the seeds are held against each other.
with

metrics as (

    select metric_name from {{ ref('int_metrics') }}

),

measures as (

    select * from {{ ref('measures') }}

),

measure_inputs as (

    select metric_name as input_name from metrics
    union
    select 'licensed_seats'

),

uses as (

    select 'measures.numerator' as place, numerator as used_name, 'measure input' as vocabulary from measures
    union
    select 'measures.denominator', denominator, 'measure input' from measures
    where denominator is not null
    union
    select 'scored_measures.measure', measure, 'measure' from {{ ref('scored_measures') }}
    union
    select 'score_bands.measure', measure, 'measure' from {{ ref('score_bands') }}
    union
    select 'measures.score_group', score_group, 'group' from measures
    union
    select 'use_cases.use_case', use_case, 'group' from {{ ref('use_cases') }}
    union
    select 'measure_weights.score_group', score_group, 'label' from {{ ref('measure_weights') }}
    union
    select 'seat_sources.metric_name', metric_name, 'metric' from {{ ref('seat_sources') }}
    where metric_name is not null
    union
    select 'seat_sources.source', source, 'seat source' from {{ ref('seat_sources') }}
    where metric_name is null
    union
    select 'score_groups.score_group', score_group, 'group' from {{ ref('score_groups') }}
    union
    select 'use_cases.min_tier', min_tier, 'tier' from {{ ref('use_cases') }}
    where min_tier is not null
    union
    select 'signal_rules.use_case', use_case, 'use case' from {{ ref('signal_rules') }}
    where use_case is not null
    union
    select 'editions.tier', tier, 'tier' from {{ ref('editions') }}
    union
    select 'sentinels.value_reason', value_reason, 'reason' from {{ ref('sentinels') }}

),

vocabulary as (

    select 'metric' as vocabulary, metric_name as known_name from metrics
    union
    select 'measure input', input_name from measure_inputs
    union
    select 'measure', measure from measures
    union
    select 'group', score_group from {{ ref('measure_weights') }}
    union
    select 'label', score_group from {{ ref('score_groups') }}
    union
    select 'use case', use_case from {{ ref('use_cases') }}
    {%- for source in ['subscription', 'license'] + seat_source_names() %}
    union
    select 'seat source', '{{ source }}'
    {%- endfor %}
    union
    select 'tier', tier from {{ ref('product_tiers') }}
    union
    select 'reason', value_reason from {{ ref('value_statuses') }}

),

unknown_names as (

    select uses.*
    from uses
    left join vocabulary
        on uses.vocabulary = vocabulary.vocabulary
        and uses.used_name = vocabulary.known_name
    where vocabulary.known_name is null

)

select * from unknown_names
