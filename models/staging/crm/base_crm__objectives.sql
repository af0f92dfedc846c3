{#- Every row of the file, read, with what is wrong with it (row_finding keeps it out) and with its cells. -#}
with

objectives as (

    select * from {{ raw_rows(source('crm', 'objectives')) }}

),

limits as (

    {{ input_limits() }}

),

cleaned as (

    select
        {{ clean_id('objective_id') }} as objective_id,
        {{ clean_id('account_id') }} as account_id,
        {{ clean_text('objective_name') }} as objective_name,
        {{ clean_text('metric_name') }} as metric_name,
        {{ clean_text('target_value') }} as target_value_text,
        {{ clean_text('starts_on') }} as starts_on_text,
        {{ clean_text('due_on') }} as due_on_text,
        {{ clean_text('baseline_value') }} as baseline_value_text,
        {{ clean_text('direction') }} as direction_text
    from objectives

),

typed as (

    select
        cleaned.*,
        {{ number_finding('cleaned.target_value_text', 'limits.count_max') }} as target_value_finding,
        {{ number_finding('cleaned.baseline_value_text', 'limits.count_max') }} as baseline_value_finding,
        {{ to_date('cleaned.starts_on_text') }} as starts_on,
        {{ to_date('cleaned.due_on_text') }} as due_on,
        accounts.account_id is not null as has_account,
        cleaned.metric_name in ('{{ metric_names() | join("', '") }}') as has_metric
    from cleaned
    cross join limits
    left join {{ ref('stg_crm__accounts') }} as accounts
        on cleaned.account_id = accounts.account_id

),

numbered as (

    select
        *,
        coalesce(objective_id, 'account_id ' || account_id, '') as row_key,
        row_number() over (
            partition by coalesce(objective_id, 'account_id ' || account_id, '')
            order by
                case when has_account and has_metric then 0 else 1 end,
                starts_on desc nulls last,
                due_on desc nulls last,
                {%- for column in ['metric_name', 'target_value_text', 'objective_name', 'baseline_value_text', 'direction_text'] %}
                {{ column }} nulls last{{ ',' if not loop.last }}
                {%- endfor %}
        ) as copy_number
    from typed

),

judged as (

    select
        *,
        case when target_value_finding is null then {{ to_double('target_value_text') }} + 0 end as target_value,
        case when baseline_value_finding is null then {{ to_double('baseline_value_text') }} + 0 end as baseline_value,
        case when lower(direction_text) = 'down' then 'down' else 'up' end as direction,
        case when lower(direction_text) not in ('up', 'down') then 'unreadable' end as direction_finding,
        case
            when objective_id is null then 'id_missing'
            when account_id is null then 'account_missing'
            when not has_account then 'account_unknown'
            when metric_name is null then 'metric_missing'
            when not has_metric then 'metric_unknown'
            when starts_on_text is null then 'start_missing'
            when starts_on is null then 'start_unreadable'
            when copy_number > 1 then 'duplicate_id'
        end as row_finding,
        case
            when due_on_text is null then 'due_missing'
            when due_on is null then 'unreadable'
            when due_on < starts_on then 'end_before_start'
        end as due_on_finding
    from numbered

),

told as (

    select
        *,
        case
            when row_finding like 'account%' then 'account_id'
            when row_finding like 'metric%' then 'metric_name'
            when row_finding like 'start%' then 'starts_on'
            else 'objective_id'
        end as row_column,
        case
            when row_finding = 'account_unknown' then account_id
            when row_finding = 'metric_unknown' then metric_name
            when row_finding = 'start_unreadable' then starts_on_text
            else 'starts_on ' || starts_on_text
        end as row_text
    from judged

)

select * from told
