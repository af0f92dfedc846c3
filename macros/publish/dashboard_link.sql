{#- The address of an account's page in the dashboard, under var dashboard_url; null where that is not set. What an address gives a
    meaning of its own is written as %XX, the percent sign first; other characters a browser writes so itself. -#}
{% macro dashboard_link(account_id) -%}
    {%- set base = (var('dashboard_url', none) or '') | string -%}
    {%- if not base -%}
    cast(null as {{ dbt.type_string() }})
    {%- else -%}
    {%- set ns = namespace(text='cast(' ~ account_id ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- for written, code in [
        ('%', '25'), (' ', '20'), ('"', '22'), ('#', '23'), ('&', '26'), ("''", '27'), ('+', '2B'), ('/', '2F'), (':', '3A'),
        (';', '3B'), ('<', '3C'), ('=', '3D'), ('>', '3E'), ('?', '3F'), ('@', '40'), ('[', '5B'), (']', '5D'), ('^', '5E'),
        ('`', '60'), ('{', '7B'), ('|', '7C'), ('}', '7D'), ('~', '7E'),
    ] -%}
        {%- set ns.text = "replace(" ~ ns.text ~ ", '" ~ written ~ "', '%" ~ code ~ "')" -%}
    {%- endfor -%}
    '{{ base.rstrip('/') | replace("'", "''") }}/?account=' || {{ ns.text }}
    {%- endif -%}
{%- endmacro %}
