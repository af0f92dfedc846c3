{#- Where an account stands and what holds it down, in sentences; if it has no score, why. Of every period, and of the
    standing. -#}
with

rollup_scores as (

    select * from {{ ref('int_rollup_scores') }}

),

gap_texts as (

    select * from {{ ref('int_account_gap_texts') }}

),

unlabelled as (

    select * from {{ ref('int_subscription_gates') }}
    where unlabelled_hostname is not null
    qualify row_number() over (
        partition by account_id, period_start
        order by arr desc nulls last, original_subscription_id
    ) = 1

),

statuses as (

    select * from {{ ref('value_statuses') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

standing_texts as (

    select
        rollup_scores.account_id,
        rollup_scores.period_start,
        rollup_scores.is_standing,
        case
            when rollup_scores.overall_score is not null
                then 'Score ' || {{ shown_points('rollup_scores.overall_score') }}
                    || ' (' || {{ score_color('rollup_scores.overall_score') }} || ').'
            when rollup_scores.unscored_reason = 'instance_type' and unlabelled.unlabelled_hostname is not null
                then 'No score: it reports from an instance that nobody has labelled, '
                    || unlabelled.unlabelled_hostname || '.'
            else 'No score: ' || statuses.meaning || '.'
        end
        || coalesce(' ' || gap_texts.gap_text, '')
        || case
            when round(rollup_scores.weight_present, 6) < 1 and rollup_scores.overall_score is not null
                then ' Measured: ' || {{ shown_share('rollup_scores.weight_present') }} || ' of the score''s weight.'
            else ''
        end as standing_text
    from rollup_scores
    cross join settings
    left join statuses
        on rollup_scores.unscored_reason = statuses.value_reason
    left join unlabelled
        on rollup_scores.account_id = unlabelled.account_id
        and rollup_scores.period_start = unlabelled.period_start
    left join gap_texts
        on rollup_scores.account_id = gap_texts.account_id
        and rollup_scores.period_start = gap_texts.period_start
        and rollup_scores.is_standing = gap_texts.is_standing

)

select * from standing_texts
