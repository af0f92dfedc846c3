-- Points are those of their color, group and overall scores lie between the lowest and the highest points, and their
-- colors are on the right side of the two cuts. Scores are shown with two decimals, hence the half cent.
with

measure_scores as (

    select * from {{ ref('fct_measure_scores') }}

),

stage_adoption as (

    select * from {{ ref('fct_stage_adoption') }}

),

account_health as (

    select * from {{ ref('fct_account_health') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

score_points as (

    select * from {{ ref('score_points') }}

),

wrong_points as (

    select
        measure_scores.measure as score_name,
        measure_scores.account_id,
        measure_scores.period_start,
        cast(measure_scores.points as double) as score,
        measure_scores.color
    from measure_scores
    left join score_points
        on measure_scores.color = score_points.color
    where (measure_scores.points is null) != (measure_scores.color is null)
        or (measure_scores.color is not null and score_points.color is null)
        or measure_scores.points != score_points.points

),

means as (

    select use_case as score_name, account_id, period_start, score, color
    from stage_adoption
    {%- for group in ['overall'] + score_group_names() %}
    union all
    select '{{ group }}', account_id, period_start, {{ group }}_score, {{ group }}_color
    from account_health
    {%- endfor %}

),

wrong_means as (

    select means.*
    from means
    cross join settings
    where (means.score is null) != (means.color is null)
        or (means.color is not null and means.color not in ('red', 'yellow', 'green'))
        or means.score < (select min(score_points.points) from score_points)
        or means.score > (select max(score_points.points) from score_points)
        or (means.color = 'green' and means.score < settings.score_green_above - 0.005)
        or (means.color != 'green' and means.score > settings.score_green_above + 0.005)
        or (means.color = 'red' and means.score > settings.score_yellow_above + 0.005)
        or (means.color != 'red' and means.score < settings.score_yellow_above - 0.005)

),

wrong_scores as (

    select * from wrong_points
    union all
    select * from wrong_means

)

select * from wrong_scores
