-- An objective without data says so, a reached one is achieved, an overdue one is behind, and no objective loses a period
-- between its start and the day it is due (or as_of).
{%- set is_reached -%}
    case objective_progress.direction
        when 'down' then objective_progress.current_value <= objective_progress.target_value
        else objective_progress.current_value >= objective_progress.target_value
    end
{%- endset %}
with

objective_progress as (

    select * from {{ ref('fct_objective_progress') }}

),

objectives as (

    select * from {{ ref('stg_crm__objectives') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

contradictions as (

    select objective_progress.objective_id, objective_progress.period_start, objective_progress.status
    from objective_progress
    inner join periods
        on objective_progress.period_start = periods.period_start
    where (objective_progress.progress is null) != (objective_progress.status = 'no_data')
        or objective_progress.progress < 0
        or objective_progress.progress > 1
        or (objective_progress.status = 'no_data') != (objective_progress.missing_reason is not null)
        or (objective_progress.baseline_value is null) != (objective_progress.baseline_source is null)
        or (objective_progress.status = 'achieved' and not {{ is_reached }})
        or (objective_progress.status in ('on_track', 'behind') and {{ is_reached }})
        or (objective_progress.status = 'on_track' and periods.measurement_date > objective_progress.due_on)

),

expected as (

    select objectives.objective_id, periods.period_start
    from objectives
    inner join periods
        on periods.period_end >= objectives.starts_on
        and objectives.starts_on <= {{ as_of() }}
        and (objectives.due_on is null or periods.period_start <= objectives.due_on)

),

missing_rows as (

    select expected.objective_id, expected.period_start, 'no row' as status
    from expected
    left join objective_progress
        on expected.objective_id = objective_progress.objective_id
        and expected.period_start = objective_progress.period_start
    where objective_progress.objective_id is null

),

findings as (

    select * from contradictions
    union all
    select * from missing_rows

)

select * from findings
