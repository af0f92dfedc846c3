{#- Production or not: a person's label wins from the day it was given; the suggestion counts only where nobody owns the
    account (docs/rules.md 3). A period without a ping keeps the suggestion of the last period with one. -#}
{%- set label_day = as_of() if var('relabel_history') else 'seats.measurement_date' -%}
{#- var accept_suggestions: true takes suggestions for the instances of owned accounts, too. -#}
{%- set may_suggest = 'accounts.account_id is not null' ~ ('' if var('accept_suggestions') else ' and accounts.csm_email is null') -%}
{#- The first that holds. Full seats say little: a secondary or a copy holds all of them. -#}
{%- set suggestions = [
    ('staging_instances.instance_id is not null', 'Non-Production', 'staging_host'),
    ('active_share >= suggestion_min_share', 'Production', 'active_people'),
    ('active_share is null and activated_share >= suggestion_min_share', 'Production', 'activated_seats'),
    ('original_subscription_id is not null and reporting_instances = 1', 'Production', 'only_one'),
    ('activated_share >= suggestion_min_share and active_share < secondary_max_active_share', 'Geo Secondary Node',
        'secondary'),
] -%}
with

seats as (

    select
        *,
        sum(case when ping_id is not null or is_awaited then 1 else 0 end) over (
            partition by original_subscription_id, period_start
        ) as reporting_instances
    from {{ ref('int_instance_seats') }}

),

labels as (

    select * from {{ ref('int_instance_labels_known') }}

),

accounts as (

    select * from {{ ref('int_accounts_known') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

staging_instances as (

    select distinct seats.instance_id
    from seats
    inner join {{ ref('staging_hosts') }} as staging_hosts
        on seats.hostname like staging_hosts.pattern

),

suggested as (

    select
        seats.instance_id,
        seats.period_start,
        case{% for test, type, reason in suggestions %} when {{ test }} then '{{ type }}'{% endfor %}
            else 'Unknown' end as suggested_instance_type,
        case{% for test, type, reason in suggestions %} when {{ test }} then '{{ reason }}'{% endfor %}
            else 'unclear' end as suggestion_reason
    from seats
    cross join settings
    left join staging_instances
        on seats.instance_id = staging_instances.instance_id
    where seats.ping_id is not null

),

labelled as (

    select
        seats.instance_id,
        seats.period_start,
        labels.instance_type
    from seats
    inner join labels
        on seats.instance_id = labels.instance_id
        and labels.labelled_on <= {{ label_day }}
        and {{ is_known('labels', label_day) }}
    qualify row_number() over (
        partition by seats.instance_id, seats.period_start
        order by labels.labelled_at desc, labels.instance_type
    ) = 1

),

typed as (

    select
        seats.instance_id,
        seats.period_start,
        suggested.suggested_instance_type,
        suggested.suggestion_reason,
        case
            when labelled.instance_type is not null then labelled.instance_type
            when {{ may_suggest }} then suggested.suggested_instance_type
            else 'Unknown'
        end as instance_type,
        case
            when labelled.instance_type is not null then 'label'
            when {{ may_suggest }} and suggested.suggested_instance_type != 'Unknown' then 'suggested'
            else 'default'
        end as instance_type_source
    from seats
    inner join suggested
        on seats.instance_id = suggested.instance_id
        and seats.last_ping_period_start = suggested.period_start
    left join labelled
        on seats.instance_id = labelled.instance_id
        and seats.period_start = labelled.period_start
    left join accounts
        on seats.account_id = accounts.account_id
        and {{ is_known('accounts', 'seats.measurement_date') }}

)

select * from typed
