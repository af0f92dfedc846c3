{#- CTEs step_1, step_2, ... after step_0 (id, end_id), in which each row names the next one, or itself at the end. Each step doubles
    the way walked, so chains of 2^steps end at their end in the last; what has not ended there runs in a circle. -#}
{% macro followed_to_the_end(steps) -%}
{%- for step in range(1, steps + 1) -%}
step_{{ step }} as (

    select
        walked.id,
        coalesce(further.end_id, walked.end_id) as end_id
    from step_{{ step - 1 }} as walked
    left join step_{{ step - 1 }} as further
        on walked.end_id = further.id

),
{% endfor -%}
{%- endmacro %}
