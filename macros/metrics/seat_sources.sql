{#- Seats that sources apart from the pings report: the rows of every staging model named stg_<source>__seats, which has
    subscription_id (any id by which it may be named), reported_on, seat_number (of the seed seat_sources) and seats. -#}
{% macro seat_reports() -%}
    {%- for source in customer_health.seat_source_names() %}
    select subscription_id, reported_on, '{{ source }}' as source, seat_number, cast(seats as double) as seats
    from {{ ref('stg_' ~ source ~ '__seats') }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as subscription_id, cast(null as date) as reported_on, '' as source, '' as seat_number,
        cast(null as double) as seats
    where false
    {%- endfor %}
{%- endmacro %}

{#- seat_link of stg_seat_link__seats, for every model of the committed list. -#}
{% macro seat_source_names() %}
    {%- set names = [] -%}
    {%- for line in customer_health.seat_source_models().split('\n') if line | trim -%}
        {%- do names.append((line | trim)[4:-7]) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}

{#- on-run-start: the list names the models that there are. -#}
{% macro check_seat_sources() %}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and modules.re.match('^stg_.+__seats$', node.name) -%}
        {%- do found.append(node.name[4:-7]) -%}
    {%- endfor -%}
    {%- if found | sort != customer_health.seat_source_names() | sort -%}
        {{ exceptions.raise_compiler_error(
            'macros/_generated/seat_sources.sql does not name the seat sources that have a model (' ~ found | sort | join(', ')
            ~ '); run `make registry`'
        ) }}
    {%- endif -%}
{% endmacro %}

{#- After the seed is loaded: a source that it does not rank would never be counted, silently. -#}
{% macro check_seat_precedence(relation) %}
    {%- set ranked = run_query('select distinct source from ' ~ relation).columns[0].values() | list -%}
    {%- for source in customer_health.seat_source_names() if source not in ranked -%}
        {{ exceptions.raise_compiler_error(
            'seeds/seat_sources.csv has no row for the source "' ~ source ~ '" of the model stg_' ~ source
            ~ '__seats; without its precedence its seats would never count'
        ) }}
    {%- endfor -%}
{% endmacro %}
