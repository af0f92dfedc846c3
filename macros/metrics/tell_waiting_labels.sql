{#- on-run-end: how many accounts have no score only because nobody said which of their instances is Production. -#}
{% macro tell_waiting_labels() %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- for result in results if result.node.name == 'dim_instances' and result.status == 'success' -%}
            {%- set waiting = run_query(customer_health.waiting_accounts(result.node.relation_name)).rows[0] -%}
            {%- if waiting[0] > 0 -%}
                {{ log(
                    waiting[0] ~ ' of ' ~ waiting[1] ~ ' reporting accounts wait for a label: no instance of theirs is known to be '
                    ~ 'Production, so they have no score. `make labels` writes suggestions (README, "Label your instances").',
                    info=true
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro waiting_accounts(instances) -%}
    select
        count(case when productions = 0 and unlabelled > 0 then 1 end) as waiting,
        count(*) as reporting
    from (
        select
            account_id,
            count(case when instance_type = 'Production' then 1 end) as productions,
            count(case when instance_type = 'Unknown' and instance_type_source = 'default' then 1 end) as unlabelled
        from {{ instances }}
        where is_tied_to_active_subscription
        group by account_id
    ) as accounts
{%- endmacro %}
