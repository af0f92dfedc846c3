-- No relation outside staging has a column named for a person, licensee or network address, and no text of a mart looks
-- like an e-mail address. Exceptions: the CRM's own contact (csm_email), names that the CRM itself gives, and those of the raw files.
{#- Every mart of the project is searched; the references only say after which models. -#}
-- depends_on: {{ ref('dim_accounts') }} {{ ref('dim_instances') }} {{ ref('dim_metrics') }} {{ ref('dim_subscriptions') }}
-- depends_on: {{ ref('fct_metric_values') }} {{ ref('fct_objective_progress') }} {{ ref('fct_health_signals') }}
-- depends_on: {{ ref('fct_unmapped_pings') }} {{ ref('quarantined_pings') }} {{ ref('mart_data_quality') }}
-- depends_on: {{ ref('gainsight__company_health') }} {{ ref('gainsight__instances') }} {{ ref('gainsight__instance_usage') }}
-- depends_on: {{ ref('gainsight__unlabelled_instances') }} {{ ref('gainsight_cta__call_to_action') }} {{ ref('mart_running_signals') }}
-- depends_on: {{ ref('salesforce__account_health') }} {{ ref('salesforce__license_usage') }} {{ ref('salesforce__product_usage') }}
-- depends_on: {{ ref('marketo__account_health') }} {{ ref('marketo__smart_list_flags') }}
-- depends_on: {{ ref('adoption_explorer__company_info') }} {{ ref('adoption_explorer__usage_weekly') }} {{ ref('adoption_explorer__left_out') }}
{%- set allowed = ['csm_email', 'owner_email', 'account_name', 'objective_name', 'source_file'] -%}
{%- set schemas = [] -%}
{%- set marts = {} -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and 'staging' not in node.fqn -%}
        {%- do schemas.append(node.schema | lower) -%}
        {%- if 'marts' in node.fqn -%}
            {%- do marts.update({(node.schema ~ '.' ~ node.alias) | lower: node.relation_name}) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{%- set texts = {} -%}
{%- if execute -%}
    {%- for schema, table, column in run_query(
        "select table_schema, table_name, column_name from information_schema.columns where data_type in ('VARCHAR', 'TEXT')"
        ~ " and lower(table_schema) in ('" ~ schemas | unique | join("', '") ~ "') order by 1, 2, 3"
    ).rows if (schema ~ '.' ~ table) | lower in marts and column | lower not in allowed -%}
        {%- do texts.setdefault((schema ~ '.' ~ table) | lower, []).append('"' ~ column ~ '"') -%}
    {%- endfor -%}
{%- endif %}
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

    {%- for mart, columns in texts.items() %}
    select distinct '{{ mart }}' as relation, '{{ columns | join(', ') }}' as column_name, 'value' as found_in
    from {{ marts[mart] }}
    where {{ columns | join(" like '%_@_%._%'\n        or ") }} like '%_@_%._%'
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as relation, '' as column_name, 'value' as found_in
    where false
    {%- endfor %}

),

findings as (

    select * from suspicious_names
    union all
    select * from suspicious_values

)

select * from findings
