-- No score of a group, subscription or account leaves 0 to 100, and no share of a weight 0 to 1, whatever the CRM says a
-- subscription is worth.
with

accounts as (

    select * from {{ ref('fct_account_health') }}

),

use_cases as (

    select * from {{ ref('fct_stage_adoption') }}

),

seats as (

    select * from {{ ref('fct_seat_utilization') }}

),

scores as (

    {%- for group in ['overall'] + score_group_names() %}
    select account_id as subject, period_start, '{{ group }}' as score_name, {{ group }}_score as score, 100 as largest
    from accounts
    union all
    {%- endfor %}
    select account_id, period_start, 'weight_present', weight_present, 1 from accounts
    union all
    select account_id, period_start, 'arr_reporting_share', arr_reporting_share, 1 from accounts
    union all
    select subscription_id, period_start, use_case, score, 100 from use_cases
    union all
    select subscription_id, period_start, 'license_utilization_score', license_utilization_score, 100 from seats
    union all
    select subscription_id, period_start, 'user_engagement_score', user_engagement_score, 100 from seats

),

out_of_range as (

    select * from scores
    where not (score >= 0 and score <= largest)

)

select * from out_of_range
