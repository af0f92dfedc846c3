{#- What people do otherwise than in the calendar period before, the two changes that moved the score most. -#}
with

changes as (

    select
        *,
        case when 'red' in (color, rejudged_color) then yellow_from else green_from end as bound
    from {{ ref('int_measure_changes') }}
    where round(abs(behaviour_effect), 2) > 0

),

eligibility as (

    select * from {{ ref('int_subscription_eligibility') }}

),

scored as (

    select
        account_id,
        period_start,
        count(distinct original_subscription_id) as subscription_count
    from {{ ref('int_measure_changes') }}
    group by account_id, period_start

),

measure_texts as (

    select * from {{ ref('measure_texts') }}

),

ranked as (

    select
        changes.account_id,
        changes.period_start,
        row_number() over (
            partition by changes.account_id, changes.period_start
            order by round(abs(changes.behaviour_effect), 9) desc, changes.driver_order, changes.measure,
                changes.original_subscription_id
        ) as place,
        count(*) over (partition by changes.account_id, changes.period_start) as change_count,
        coalesce(measure_texts.label, changes.measure)
        || case when scored.subscription_count > 1 then ' (' || eligibility.subscription_id || ')' else '' end
        || ' from '
        || case
            when measure_texts.value_format = 'percent'
                then {{ shown_share_pair('changes.earlier_measure_value', 'changes.measure_value', 'changes.bound') }}
            else {{ shown_number('changes.earlier_measure_value') }} || ' to ' || {{ shown_number('changes.measure_value') }}
        end
        || ', ' || changes.rejudged_color || ' to ' || changes.color
        || ' (' || {{ shown_points_change('changes.behaviour_effect') }} || ' points)' as change_text
    from changes
    inner join eligibility
        on changes.original_subscription_id = eligibility.original_subscription_id
        and changes.period_start = eligibility.period_start
    inner join scored
        on changes.account_id = scored.account_id
        and changes.period_start = scored.period_start
    left join measure_texts
        on changes.measure = measure_texts.measure

),

texts as (

    select
        account_id,
        period_start,
        'Behaviour: ' || max(case when place = 1 then change_text end)
        || coalesce('; ' || max(case when place = 2 then change_text end), '')
        || case
            when max(change_count) > 2
                then '; and ' || cast(max(change_count) - 2 as {{ dbt.type_string() }}) || ' smaller one'
                    || case when max(change_count) > 3 then 's' else '' end
            else ''
        end
        || '.' as behaviour_text
    from ranked
    group by account_id, period_start

)

select * from texts
