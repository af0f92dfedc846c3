-- A score that is missing has no color, never red, and says why; a score that is there needs no excuse. From the
-- subscription's use case to the account and on to what Gainsight is told. And every account's score is put in words.
with

account_health as (

    select * from {{ ref('fct_account_health') }}

),

stage_adoption as (

    select * from {{ ref('fct_stage_adoption') }}

),

company_health as (

    select * from {{ ref('gainsight__company_health') }}

),

scores as (

    select 'fct_account_health' as mart, account_id, period_start, overall_score as score, overall_color as color,
        unscored_reason
    from account_health
    union all
    select 'fct_stage_adoption', account_id, period_start, score, color, unscored_reason
    from stage_adoption
    union all
    select 'gainsight__company_health', account_id, health_period, overall_score, overall_color, unscored_reason
    from company_health

),

contradictions as (

    select *
    from scores
    where (score is null) != (color is null)
        or (score is null) != (unscored_reason is not null)
    union all
    select 'fct_account_health', account_id, period_start, overall_score, overall_color, unscored_reason
    from account_health
    where explanation is null

)

select * from contradictions
