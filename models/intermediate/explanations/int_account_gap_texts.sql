{#- What holds an account's score down, in a sentence: number, band and gap. -#}
with

gaps as (

    select * from {{ ref('int_account_gaps') }}

),

measure_texts as (

    select * from {{ ref('measure_texts') }}

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
        {{ shown_number('gaps.numerator') }} as shown_numerator,
        {{ shown_number('gaps.denominator') }} as shown_denominator,
        {{ shown_number('gaps.needed') }} as shown_needed,
        {{ shown_number('gaps.needed - gaps.numerator') }} as shown_more
    from gaps
    left join measure_texts
        on gaps.measure = measure_texts.measure

),

filled as (

    select
        *,
        replace(
            replace(
                replace(finding, '{value}', shown_value), '{numerator}', coalesce(shown_numerator, 'an unknown number')
            ),
            '{denominator}', coalesce(shown_denominator, 'an unknown number')
        ) as found
    from worded

),

sentences as (

    select
        account_id,
        period_start,
        is_standing,
        measure,
        'Held down most by this: '
        || found
        || coalesce(' (' || named_subscription_id || ')', '')
        || case
            when denominator is null then ', ' || shown_needed || ' would be ' || next_color || ': ' || shown_more || ' more'
            else ', ' || shown_bound || ' would be ' || shown_needed
                || case when needed > numerator then ': ' || shown_more || ' more' else '' end
                || '; ' || next_color || case when is_next_inclusive then ' begins there' else ' begins above that' end
        end
        || '.' as gap_text
    from filled

)

select * from sentences
