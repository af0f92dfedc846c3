{#- Which instance a new one may be a renamed one of: the same uuid or the same subscription, one ended and the other began
    soon after. It is a suggestion for people who label instances, and never applied. -#}
with

pings as (

    select * from {{ ref('int_pings') }}
    where exclusion is null

),

last_pings as (

    select * from pings
    where is_period_ping
    qualify row_number() over (partition by instance_id order by period_start desc) = 1

),

settings as (

    select * from {{ ref('int_settings') }}

),

spans as (

    select
        instance_id,
        min(received_at) as first_ping_at,
        max(received_at) as last_ping_at
    from pings
    group by instance_id

),

instances as (

    select
        spans.*,
        last_pings.uuid,
        last_pings.hostname,
        last_pings.original_subscription_id
    from spans
    inner join last_pings
        on spans.instance_id = last_pings.instance_id

),

ended as (

    select instances.*
    from instances
    cross join settings
    where {{ days_between('cast(instances.last_ping_at as date)', as_of()) }} > settings.awaited_days

),

pairs as (

    select ended.instance_id as old_instance_id, instances.instance_id, 0 as reason_place, 'same_uuid' as rename_reason
    from instances
    inner join ended
        on instances.uuid = ended.uuid
    union all
    select ended.instance_id, instances.instance_id, 1, 'same_subscription'
    from instances
    inner join ended
        on instances.original_subscription_id = ended.original_subscription_id

),

possible as (

    select
        pairs.instance_id,
        pairs.old_instance_id,
        ended.hostname as old_hostname,
        pairs.rename_reason,
        row_number() over (
            partition by pairs.instance_id order by pairs.reason_place, ended.last_ping_at desc, ended.instance_id
        ) as place_of_old,
        row_number() over (
            partition by pairs.old_instance_id
            order by pairs.reason_place, instances.first_ping_at, instances.instance_id
        ) as place_of_new
    from pairs
    cross join settings
    inner join instances
        on pairs.instance_id = instances.instance_id
    inner join ended
        on pairs.old_instance_id = ended.instance_id
        and ended.last_ping_at < instances.first_ping_at
    where {{ days_between('cast(ended.last_ping_at as date)', 'cast(instances.first_ping_at as date)') }}
        <= settings.rename_max_days

),

renames as (

    select
        instance_id,
        old_instance_id as renamed_from_instance_id,
        old_hostname as renamed_from_hostname,
        rename_reason
    from possible
    where place_of_old = 1 and place_of_new = 1

)

select * from renames
