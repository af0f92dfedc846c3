{#- How an account is found in Salesforce: by the field that var salesforce_account_field names. Where that is Id, the CRM's
    account_id is the record's id, and one of 15 characters, whose case counts, is written with the 18 that all of
    Salesforce's replies have: behind it stand three letters, each for the capitals among five of its characters. -#}
{% macro salesforce_account(account_id) -%}
    {%- set text = 'cast(' ~ account_id ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- if var('salesforce_account_field') != 'Id' -%}
    {{ text }}
    {%- else -%}
    case
        when {{ customer_health.full_match(text, '[0-9A-Za-z]{15}') }}
            then {{ text }}
            {%- for first in [1, 6, 11] %}
                || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1
                {%- for place in range(5) %}
                    {%- set letter = 'substr(' ~ text ~ ', ' ~ (first + place) ~ ', 1)' %}
                    + case when {{ letter }} != lower({{ letter }}) then {{ 2 ** place }} else 0 end
                {%- endfor %}, 1)
            {%- endfor %}
        else {{ text }}
    end
    {%- endif -%}
{%- endmacro %}

{#- The mart's day, and a place for the loader's run, which fills it when it sends the row: equal input makes equal rows. Both
    are sent with a row, and are no reason to send it. -#}
{% macro publish_stamps() -%}
        {{ as_of() }} as as_of,
        cast(null as {{ dbt.type_string() }}) as run_id
{%- endmacro %}

{#- A share from 0 to 1 as a percentage with two decimals, 0 to 100. -#}
{% macro percentage(share) -%}
    cast(round({{ customer_health.rounded('100 * (' ~ share ~ ')') }}, 2) as double)
{%- endmacro %}
