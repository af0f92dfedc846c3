{#- The clock is a date that exists. -#}
{% macro check_as_of() %}
    {%- set as_of = var('as_of', none) -%}
    {%- if as_of and as_of != 'yesterday' and not (
        modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', as_of | string)
        and run_query("select try_cast('" ~ as_of ~ "' as date)").rows[0][0] is not none
    ) -%}
        {{ exceptions.raise_compiler_error('var as_of is "' ~ as_of ~ '"; it must be a date, YYYY-MM-DD, or the word yesterday') }}
    {%- endif -%}
{% endmacro %}

{#- The bands are a seed, so a set is known once the seed is there; with an unknown one nothing would be scored, silently. -#}
{% macro check_threshold_set(bands) %}
    {%- if execute and load_relation(bands) -%}
        {%- set known = run_query('select distinct threshold_set from ' ~ bands ~ ' order by 1').columns[0].values() | list -%}
        {%- if var('threshold_set') not in known -%}
            {{ exceptions.raise_compiler_error(
                'var threshold_set is "' ~ var('threshold_set') ~ '"; the seed score_bands has: ' ~ known | join(', ')
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- Vars that are one of a few words: another word would be taken for the default, silently. -#}
{% macro check_choices() %}
    {%- for name, choices in {
        'cancelled_subscriptions': ['until_term_end', 'never'], 'unreadable_cells': ['stop', 'finding'],
    }.items() if var(name) not in choices -%}
        {{ exceptions.raise_compiler_error('var ' ~ name ~ ' is "' ~ var(name) ~ '"; it must be ' ~ choices | join(' or ')) }}
    {%- endfor -%}
{% endmacro %}
