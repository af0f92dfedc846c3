-- Every threshold set can score: its weights add up to 1 over the same groups, every measure it counts has bands, and a
-- measure's bands join without gap or overlap from the youngest age on, the last one open, yellow never above green.
with

bands as (

    select * from {{ ref('score_bands') }}

),

scored_measures as (

    select * from {{ ref('scored_measures') }}

),

weights as (

    select * from {{ ref('measure_weights') }}

),

measures as (

    select * from {{ ref('measures') }}

),

chained as (

    select
        *,
        lead(age_from) over (partition by threshold_set, measure order by age_from) as next_age_from
    from bands

),

findings as (

    select threshold_set, 'weights add up to ' || cast(sum(weight) as {{ dbt.type_string() }}) as finding
    from weights
    group by threshold_set
    having abs(sum(weight) - 1) > 0.000001
    union all
    select weights.threshold_set, 'no measure is counted in ' || weights.score_group
    from weights
    left join measures
        on weights.score_group = measures.score_group
    left join scored_measures
        on measures.measure = scored_measures.measure
        and weights.threshold_set = scored_measures.threshold_set
    group by weights.threshold_set, weights.score_group
    having count(scored_measures.measure) = 0
    union all
    select scored_measures.threshold_set, 'no weight or no bands for ' || scored_measures.measure
    from scored_measures
    left join measures
        on scored_measures.measure = measures.measure
    left join weights
        on scored_measures.threshold_set = weights.threshold_set
        and measures.score_group = weights.score_group
    left join bands
        on scored_measures.threshold_set = bands.threshold_set
        and scored_measures.measure = bands.measure
    where weights.score_group is null or bands.measure is null
    union all
    select threshold_set, 'gap or overlap in the ages of ' || measure
    from chained
    where coalesce(age_to, -1) != coalesce(next_age_from, -1)
    union all
    select threshold_set, 'yellow above green in ' || measure
    from bands
    where yellow_from > green_from

)

select * from findings
