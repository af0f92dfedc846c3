{#- The identity of an installation: a hash of uuid and hostname (docs/rules.md 1). -#}
{% macro instance_id(uuid, hostname) -%}
    md5({{ uuid }} || '|' || {{ hostname }})
{%- endmacro %}
