{#- A major release counts as out when more than the odd instance runs it or a newer one. -#}
with

instance_periods as (

    select * from {{ ref('int_instance_periods') }}

),

settings as (

    select * from {{ ref('int_settings') }}

),

releases as (

    select
        period_start,
        version_major,
        sum(count(*)) over (partition by period_start order by version_major desc) as on_it_or_newer,
        sum(count(*)) over (partition by period_start) as reporting
    from instance_periods
    where ping_id is not null and version_major is not null
    group by period_start, version_major

),

newest_versions as (

    select
        releases.period_start,
        max(releases.version_major) as version_major
    from releases
    cross join settings
    where releases.on_it_or_newer >= settings.newest_version_min_share * releases.reporting
    group by releases.period_start

)

select * from newest_versions
