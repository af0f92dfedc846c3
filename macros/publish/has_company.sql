{#- Whether Gainsight can have a Company for an account: Companies come from the CRM, so it has to be there still. -#}
{% macro has_company(accounts) -%}
    coalesce({{ accounts }}.is_in_crm, false)
{%- endmacro %}
