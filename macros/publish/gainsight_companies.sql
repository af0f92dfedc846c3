{#- Ids of the accounts that have a Company in Gainsight. Companies come from the CRM, so an account has to be there still; where
    var gainsight_companies names a relation with the ids that Gainsight has, it has to be in that, too. `accounts` is dim_accounts. -#}
{% macro gainsight_companies(accounts) -%}
    select account_id from {{ accounts }}
    where is_in_crm
    {%- if var('gainsight_companies', none) %}
    intersect
    select cast(account_id as {{ dbt.type_string() }}) as account_id from {{ var('gainsight_companies') }}
    {%- endif %}
{%- endmacro %}
