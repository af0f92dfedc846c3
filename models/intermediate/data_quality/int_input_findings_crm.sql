{#- What was found in the CRM's rows (docs/rules.md 10): each row or cell that was not used as it stands. -#}
with

kinds as (

    select * from {{ ref('finding_kinds') }}

),

accounts as (

    select * from {{ ref('base_crm__accounts') }}

),

subscriptions as (

    select * from {{ ref('base_crm__subscriptions_judged') }}

),

objectives as (

    select * from {{ ref('base_crm__objectives') }}

),

roots as (

    select * from {{ ref('base_crm__subscription_roots') }}

),

licenses as (

    select * from {{ ref('base_crm__licenses') }}

),

subscription_ids as (

    select * from {{ ref('stg_crm__subscription_ids') }}

),

versions as (

    select * from {{ ref('stg_crm__subscriptions') }}

),

found as (

    {{ column_findings('accounts', 'accounts', ['row', 'parent_account_id', 'in_benchmarks']) }}
    union all
    {{ column_findings('subscriptions', 'subscriptions', [
        'row', 'product_tier', 'is_trial', 'seats', 'end_date', 'status', 'arr', 'cancelled_on',
    ]) }}
    union all
    {{ column_findings('licenses', 'licenses', [
        'row', 'license_md5', 'license_sha256', 'subscription_id', 'seats', 'starts_at', 'expires_at',
    ]) }}
    union all
    {{ column_findings('objectives', 'objectives', ['row', 'target_value', 'due_on', 'baseline_value', 'direction']) }}
    union all
    select 'licenses', licenses.row_key, 'subscription_id', 'subscription_unknown', licenses.subscription_id
    from licenses
    left join subscription_ids
        on licenses.subscription_id = subscription_ids.subscription_id
    where licenses.subscription_id is not null and subscription_ids.subscription_id is null
    union all
    select 'subscriptions', subscription_id, 'original_subscription_id', 'lineage_circle', root_id
    from roots
    where is_in_circle
    union all
    select
        'subscriptions', subscription_id, 'subscription_id', 'several_segments',
        cast(max(segment_number) as {{ dbt.type_string() }})
    from versions
    group by subscription_id
    having max(segment_number) > 1

),

closest as (

    {{ closest_metric_names(ref('base_crm__objectives')) }}

),

explained as (

    select
        found.source,
        found.row_key,
        found.column_name,
        found.finding,
        found.value || coalesce('; the closest are: ' || closest.closest, '') as value
    from found
    left join closest
        on found.finding = 'metric_unknown'
        and md5(found.value) = closest.name_hash

),

findings as (

    {{ told_findings('explained', 'kinds') }}

)

select * from findings
