{#- What holds of an account's published row where an empty figure has no reason beside it. -#}
{% macro account_blank_without_reason() -%}
    (overall_score is null) != (unscored_reason is not null)
        or (score_change is null) != (score_change_reason is not null)
        or (activated_seats is null and seats_missing_reason is null)
        or (utilization_pct is null and activated_seats is not null and licensed_seats != 0)
        or (active_users is null and active_users_missing_reason is null)
        or (adoption_level is null and adoption_missing_reason is null)
{%- endmacro %}
