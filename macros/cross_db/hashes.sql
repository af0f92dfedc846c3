{#- The identity of an installation: a hash of uuid and hostname (domain.md 1.3). -#}
{% macro instance_id(uuid, hostname) -%}
    md5({{ uuid }} || '|' || {{ hostname }})
{%- endmacro %}
