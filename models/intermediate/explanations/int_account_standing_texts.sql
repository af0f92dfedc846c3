{#- Where an account stands and what holds it down most (number, band and gap), in sentences; if it has no score, why. Of every
    period, and of the standing. -#}
with

rollup_scores as (

    select * from {{ ref('int_rollup_scores') }}

),

gaps as (

    select * from {{ ref('int_account_gaps') }}

),

unlabelled as (

    select * from {{ ref('int_subscription_eligibility') }}
    where unlabelled_hostname is not null
    qualify row_number() over (
        partition by account_id, period_start
        order by arr desc nulls last, original_subscription_id
    ) = 1

),

worded as (

    select
        gaps.*,
        coalesce(measure_texts.finding, gaps.measure || ' is {value}') as finding,
        case
            when measure_texts.value_format = 'percent' then {{ shown_share('gaps.measure_value', 'gaps.next_from') }}
            else {{ shown_number('gaps.measure_value') }}
        end as shown_value,
        case
            when measure_texts.value_format = 'percent' then {{ shown_bound('gaps.next_from') }}
            else {{ shown_number('gaps.next_from') }}
        end as shown_bound,
        coalesce({{ shown_number('gaps.numerator') }}, 'an unknown number') as shown_numerator,
        coalesce({{ shown_number('gaps.denominator') }}, 'an unknown number') as shown_denominator,
        {{ shown_number('gaps.needed') }} as shown_needed,
        {{ shown_number('gaps.needed - gaps.numerator') }} as shown_more
    from gaps
    left join {{ ref('measure_texts') }} as measure_texts
        on gaps.measure = measure_texts.measure

),

gap_texts as (

    select
        account_id,
        period_start,
        is_standing,
        ' Held down most by this: '
        || replace(
            replace(replace(finding, '{value}', shown_value), '{numerator}', shown_numerator),
            '{denominator}', shown_denominator
        )
        || coalesce(' (' || named_subscription_id || ')', '')
        || case
            when denominator is null then ', ' || shown_needed || ' would be ' || next_color || ': ' || shown_more || ' more'
            else ', ' || shown_bound || ' would be ' || shown_needed
                || case when needed > numerator then ': ' || shown_more || ' more' else '' end
                || '; ' || next_color || case when is_next_inclusive then ' begins there' else ' begins above that' end
        end
        || '.' as gap_text
    from worded

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
        || coalesce(gap_texts.gap_text, '')
        || case
            when round(rollup_scores.weight_present, 6) < 1 and rollup_scores.overall_score is not null
                then ' Measured: ' || {{ shown_share('rollup_scores.weight_present') }} || ' of the score''s weight.'
            else ''
        end as standing_text
    from rollup_scores
    cross join {{ ref('int_settings') }} as settings
    left join {{ ref('value_statuses') }} as statuses
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
