{%- set names = metric_names() -%}
{%- for name in names %}
select instance_id, period_start, '{{ name }}' as metric_name, metric_value, value_status, value_reason
from {{ ref('metric_' ~ name) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
