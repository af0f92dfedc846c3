-- No relation outside staging has a column named for a person, licensee or network address, and no text of a mart looks
-- like an e-mail address. The CRM's own contact, csm_email of the accounts, is the one exception.
{%- set marts = [
    ref('dim_accounts'), ref('dim_instances'), ref('dim_metrics'), ref('dim_subscriptions'),
    ref('fct_account_adoption'), ref('fct_account_health'), ref('fct_counter_increases'), ref('fct_health_signals'),
    ref('fct_instance_activity'), ref('fct_measure_scores'), ref('fct_metric_values'), ref('fct_objective_progress'),
    ref('fct_reporting_coverage'), ref('fct_seat_utilization'), ref('fct_stage_adoption'), ref('fct_unmapped_pings'),
    ref('mart_data_quality'), ref('mart_instance_metrics_wide'), ref('mart_metrics_by_tier'), ref('quarantined_pings'),
    ref('gainsight__company_health'), ref('gainsight__instance_usage'), ref('gainsight__instances'),
] %}
{%- set allowed = ['csm_email'] %}
{%- set schemas = [] -%}
{%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and 'staging' not in node.fqn -%}
    {%- do schemas.append(node.schema | lower) -%}
{%- endfor %}
with

suspicious_names as (

    select table_name as relation, column_name, 'name' as found_in
    from information_schema.columns
    where lower(table_schema) in ('{{ schemas | unique | join("', '") }}')
        and lower(column_name) not in ('{{ allowed | join("', '") }}')
        and (
            lower(column_name) like '%email%'
            or lower(column_name) like '%licensee%'
            or lower(column_name) like '%labelled_by%'
            or lower(column_name) like '%ip_address%'
            or lower(column_name) in ('ip', 'source_ip', 'company', 'payload', 'raw_value')
        )

),

suspicious_values as (

    {%- for mart in marts if execute %}
    {%- set texts = [] -%}
    {%- for column in adapter.get_columns_in_relation(mart) if column.is_string() and column.name | lower not in allowed -%}
        {%- do texts.append(column.name) -%}
    {%- endfor %}
    {%- set mart_loop = loop %}
    {%- for text in texts %}
    select '{{ mart.identifier }}' as relation, '{{ text }}' as column_name, 'value' as found_in
    where exists (select 1 from {{ mart }} where {{ text }} like '%_@_%._%')
    {{ 'union all' if not (loop.last and mart_loop.last) }}
    {%- endfor %}
    {%- else %}
    select '' as relation, '' as column_name, 'value' as found_in where false
    {%- endfor %}

),

findings as (

    select * from suspicious_names
    union all
    select * from suspicious_values

)

select * from findings
