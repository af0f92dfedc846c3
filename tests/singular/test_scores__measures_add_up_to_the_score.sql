-- Every measure has its share of the account's score: the shares add up to 1, and share times points to the score, of every
-- period and of the standing.
with

shares as (

    select
        account_id,
        period_start,
        is_standing,
        sum(share) as share,
        sum(share * points) as score
    from {{ ref('int_account_measure_shares') }}
    group by account_id, period_start, is_standing

),

rollup_scores as (

    select * from {{ ref('int_rollup_scores') }}
    where overall_score is not null

),

differences as (

    select rollup_scores.*
    from rollup_scores
    left join shares
        on rollup_scores.account_id = shares.account_id
        and rollup_scores.period_start = shares.period_start
        and rollup_scores.is_standing = shares.is_standing
    where shares.account_id is null
        or abs(shares.share - 1) > 0.000001
        or abs(shares.score - rollup_scores.overall_score) > 0.000001

)

select * from differences
