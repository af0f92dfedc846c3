{#- One line per topic; each has exactly these six columns. -#}
with

findings as (

    select * from {{ ref('int_input_findings_crm') }}
    union all
    select * from {{ ref('int_input_findings_labels') }}
    union all
    select * from {{ ref('int_input_findings_files') }}

),

told as (

    select
        source,
        row_key,
        column_name,
        finding,
        effect,
        message
    from findings

)

select * from told
