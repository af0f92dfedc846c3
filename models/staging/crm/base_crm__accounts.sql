with

accounts as (

    select * from {{ raw_rows(source('crm', 'accounts')) }}

),

cleaned as (

    select
        {{ clean_id('account_id') }} as account_id,
        {{ clean_text('account_name') }} as account_name,
        {{ clean_id('parent_account_id') }} as parent_account_id,
        {{ clean_id('segment') }} as segment,
        {{ clean_id('region') }} as region,
        {{ clean_text('csm_email') }} as csm_email,
        {{ clean_text('in_benchmarks') }} as in_benchmarks_text
    from accounts

),

numbered as (

    select
        *,
        coalesce(account_id, 'account_name ' || account_name, '') as row_key,
        row_number() over (
            partition by coalesce(account_id, 'account_name ' || account_name, '')
            order by
                account_name nulls last,
                csm_email nulls last,
                parent_account_id nulls last,
                segment nulls last,
                region nulls last,
                in_benchmarks_text nulls last
        ) as copy_number,
        {{ to_boolean('in_benchmarks_text') }} as in_benchmarks
    from cleaned

),

account_ids as (

    select distinct account_id from cleaned

),

judged as (

    select
        numbered.*,
        'account_id' as row_column,
        case
            when numbered.account_id is null then 'id_missing'
            when numbered.copy_number > 1 then 'duplicate_id'
        end as row_finding,
        numbered.account_name as row_text,
        case
            when numbered.parent_account_id = numbered.account_id then 'parent_itself'
            when numbered.parent_account_id is not null and parents.account_id is null then 'parent_unknown'
        end as parent_account_id_finding,
        numbered.parent_account_id as parent_account_id_text,
        case when numbered.in_benchmarks is null and numbered.in_benchmarks_text is not null then 'unreadable' end
            as in_benchmarks_finding
    from numbered
    left join account_ids as parents
        on numbered.parent_account_id = parents.account_id

)

select * from judged
