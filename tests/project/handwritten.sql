-- Metric values and seat figures from `arrivals`, by hand: one column per key path, named by the path; months only.
-- Written without the project's macros, so that equal results are two ways to one number. What begins with a dollar is filled in by
-- handwritten.py: the plain metrics' columns from the key paths in their yml, folders and the day.
-- That day is the last one of a month, so that no month is open, and the files are read for the first time: nothing here waits for a
-- ping that is still to come, or knows what the CRM said before.

create or replace temp macro text_of(x) as nullif(trim(x), '');
create or replace temp macro utc_of(x) as try_cast(replace(trim(x), ' UTC', 'Z') as timestamptz) at time zone 'UTC';
create or replace temp macro day_of(x) as try_cast(substr(trim(x), 1, 10) as date);
create or replace temp macro number_of(x) as case
    when regexp_full_match(trim(x), '[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?') and try_cast(trim(x) as double) >= 0
        then try_cast(trim(x) as double)
end;
create or replace temp macro failed(x) as coalesce(replace(trim(x), ' ', ''), '{}') != '{}' and number_of(x) is null;
create or replace temp macro flag_of(x) as case lower(trim(x)) when 'true' then 1.0 when 'false' then 0.0 end;
create or replace temp macro host_of(x) as case
    when regexp_full_match(x, '-[0-9]+') then ''
    when x like '127.%' or x = '::1' then x
    when regexp_full_match(x, '[0-9]{1,3}([.][0-9]{1,3}){3}(:[0-9]*)?|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(%.*)?|[[].*[]](:[0-9]*)?')
        then 'ip-' || substr(md5(x), 1, 12)
    else x
end;

create or replace temp table versions as
select
    text_of(subscription_id) as subscription_id,
    coalesce(text_of(original_subscription_id), text_of(subscription_id)) as lineage,
    text_of(account_id) as account_id,
    try_cast(trim(seats) as integer) as seats,
    day_of(start_date) as start_date,
    day_of(end_date) as end_date,
    least(day_of(end_date), day_of(cancelled_on)) as last_day,
    lower(coalesce(text_of(status), '')) = 'cancelled' or coalesce(day_of(cancelled_on) <= date '$as_of', false)
        as is_cancelled
from (
    from read_csv('$raw/subscriptions.csv', header = true, all_varchar = true)
    union all by name
    select null::varchar as cancelled_on where false
);

create or replace temp table licenses as
select
    text_of(license_id) as license_id,
    lower(replace(text_of(license_md5), '-', '')) as md5,
    lower(text_of(license_sha256)) as sha256,
    text_of(subscription_id) as subscription_id,
    try_cast(trim(seats) as integer) as seats,
    day_of(starts_at) as starts_at
from read_csv('$raw/licenses.csv', header = true, all_varchar = true);

-- The last ping of each instance and month, with every plain metric's value.
create or replace temp table standing as
with newest as (
    select * replace (text_of(ping_id) as ping_id, utc_of(received_at) as received_at)
    from arrivals
    where has_envelope and text_of(ping_id) is not null and cast(utc_of(received_at) as date) <= date '$as_of'
    qualify row_number() over (partition by text_of(ping_id) order by utc_of(received_at) desc, filename desc) = 1
),
named as (
    select
        *,
        text_of(uuid) as clean_uuid,
        host_of(lower(coalesce(text_of(hostname), ''))) as clean_host,
        md5(clean_uuid || '|' || clean_host) as instance_id,
        cast(received_at as date) as ping_date,
        cast(date_trunc('month', received_at) as date) as period_start
    from newest
    where text_of(uuid) is not null
        and coalesce(text_of(version), '') not like '%VERSION%'
        and ping_id not in ($excluded)
),
own as (
    select named.* from named
    where not exists (
        select 1 from read_csv('$seeds/internal_instances.csv', header = true, all_varchar = true) as internal
        where (internal.field = 'hostname' and named.clean_host like internal.pattern)
            or (internal.field = 'installation_type' and text_of(named.installation_type) = internal.pattern)
            or (internal.field = 'uuid' and named.clean_uuid = internal.pattern)
    )
    qualify row_number() over (
        partition by instance_id, period_start
        order by received_at desc, utc_of(recorded_at) desc nulls last, ping_id desc
    ) = 1
)
select
    ping_id, instance_id, clean_host, ping_date, period_start, received_at,
    text_of(license_subscription_id) as license_subscription_id,
    lower(replace(text_of(license_md5), '-', '')) as license_md5,
    lower(text_of(license_sha256)) as license_sha256,
    $plain_metrics
from own;

create or replace temp table wide as
with earlier as (
    select
        *
        $earlier_counters
    from standing
    window history as (
        partition by instance_id order by period_start rows between unbounded preceding and 1 preceding
    )
)
select
    instance_id, period_start, $metric_names
    $increases
    $ratios
from earlier;

create or replace table metric_values as
select instance_id, period_start, metric_name, metric_value
from (unpivot wide on columns(* exclude (instance_id, period_start)) into name metric_name value metric_value);

-- Every lineage and month with the version that counts on the month's last day. A cancelled one counts until its last day, but
-- after others that are in force.
create or replace temp table subscription_periods as
with lineages as (
    select lineage, min(start_date) as first_start from versions where start_date <= date '$as_of' group by lineage
),
months as (
    select
        cast(month as date) as period_start,
        least(last_day(cast(month as date)), date '$as_of') as measured_on
    from generate_series(
        (select date_trunc('month', min(first_start)) from lineages),
        date_trunc('month', date '$as_of'), interval 1 month
    ) as series(month)
)
select
    lineage, period_start, measured_on, versions.subscription_id, versions.account_id, versions.seats,
    versions.last_day is null or measured_on <= versions.last_day as is_in_force
from lineages
inner join months on lineages.first_start <= months.measured_on
inner join versions using (lineage)
where versions.start_date <= months.measured_on
qualify row_number() over (
    partition by lineage, period_start
    order by is_in_force desc, is_in_force and is_cancelled,
        case when is_in_force then versions.start_date end desc nulls last,
        case when not is_in_force then versions.end_date end desc nulls last, versions.start_date desc,
        versions.subscription_id
) = 1;

-- Each standing ping's lineage and the version in force that day.
create or replace temp table mapped as
with candidates as (
    select ping_id, ping_date, 1 as rank, license_subscription_id as subscription_id from standing
    union all
    select ping_id, ping_date, 2, subscription_id from standing inner join licenses on license_sha256 = sha256
    union all
    select ping_id, ping_date, 3, subscription_id from standing inner join licenses on license_md5 = md5
),
matched as (
    select ping_id, ping_date, versions.lineage, versions.account_id
    from candidates
    inner join versions using (subscription_id)
    qualify row_number() over (
        partition by ping_id
        order by
            rank, start_date <= ping_date and (last_day is null or ping_date <= last_day) desc nulls last,
            is_cancelled, start_date desc, subscription_id
    ) = 1
),
versioned as (
    select
        ping_id, versions.lineage, versions.account_id, versions.seats,
        last_day is null or ping_date <= last_day as is_in_force
    from matched
    inner join versions on matched.lineage = versions.lineage and versions.start_date <= matched.ping_date
    qualify row_number() over (
        partition by ping_id
        order by is_in_force desc, is_in_force and is_cancelled,
            case when is_in_force then start_date end desc nulls last,
            case when not is_in_force then end_date end desc nulls last, start_date desc, subscription_id
    ) = 1
)
select
    matched.ping_id, versioned.lineage, coalesce(versioned.account_id, matched.account_id) as account_id,
    coalesce(versioned.is_in_force, false) as is_in_force,
    case when versioned.is_in_force then versioned.seats end as subscription_seats
from matched left join versioned using (ping_id);

create or replace temp table license_seats as
select ping_id, seats
from (
    select ping_id, 1 as rank, licenses.* from standing inner join licenses on license_sha256 = sha256
    union all
    select ping_id, 2, licenses.* from standing inner join licenses on license_md5 = md5
)
qualify row_number() over (partition by ping_id order by rank, starts_at desc nulls last, license_id) = 1;

-- Every Production instance that reports for a subscription: those that a person labelled, if there are any, the best first.
create or replace temp table candidates as
with figures as (
    select
        standing.instance_id, standing.clean_host, standing.period_start, standing.received_at, mapped.lineage,
        coalesce(periods.account_id, mapped.account_id) as account_id,
        coalesce(periods.is_in_force and mapped.is_in_force, false) as is_scorable,
        coalesce(mapped.subscription_seats, license_seats.seats, standing.licensed_seats_ping) as licensed,
        standing.activated_seats as activated,
        coalesce(standing.unique_active_28_days_user, standing.umau_28_days_user) as umau,
        least(last_day(standing.period_start), date '$as_of') as measured_on
    from standing
    left join mapped using (ping_id)
    left join license_seats using (ping_id)
    left join subscription_periods as periods
        on mapped.lineage = periods.lineage and standing.period_start = periods.period_start
),
labels as (
    select
        md5(text_of(uuid) || '|' || host_of(lower(coalesce(text_of(hostname), '')))) as instance_id,
        coalesce(aliases.instance_type, 'Unknown') as instance_type,
        utc_of(labelled_at) as labelled_at
    from read_csv('$raw/instance_labels.csv', header = true, all_varchar = true) as labels
    left join read_csv('$seeds/instance_type_aliases.csv', header = true, all_varchar = true) as aliases
        on lower(text_of(labels.label)) = aliases.alias
    where text_of(label) is not null
),
labelled as (
    select figures.instance_id, figures.period_start, labels.instance_type
    from figures
    inner join labels
        on figures.instance_id = labels.instance_id and cast(labels.labelled_at as date) <= figures.measured_on
    qualify row_number() over (
        partition by figures.instance_id, figures.period_start order by labelled_at desc, labels.instance_type
    ) = 1
),
orphans as (
    select text_of(account_id) as account_id
    from read_csv('$raw/accounts.csv', header = true, all_varchar = true)
    where text_of(csm_email) is null and text_of(account_id) is not null
),
typed as (
    select
        figures.*,
        labelled.instance_type is not null as is_labelled,
        case
            when labelled.instance_type is not null then labelled.instance_type = 'Production'
            when orphans.account_id is null then false
            when exists (
                select 1 from read_csv('$seeds/staging_hosts.csv', header = true, all_varchar = true) as hosts
                where figures.clean_host like hosts.pattern
            ) then false
            else coalesce(coalesce(umau, activated) / nullif(cast(licensed as double), 0) >= $min_share, false)
                or (figures.lineage is not null and count(*) over (partition by figures.lineage, figures.period_start) = 1)
        end as is_production
    from figures
    left join labelled using (instance_id, period_start)
    left join orphans using (account_id)
)
select
    lineage, period_start, instance_id, licensed, activated, umau,
    row_number() over (
        partition by lineage, period_start
        order by is_labelled desc, umau desc nulls last, activated desc nulls last, received_at desc, instance_id
    ) as place
from typed
where is_production and is_scorable
qualify is_labelled = max(is_labelled) over (partition by lineage, period_start);

-- The one that stands for the subscription, month after month: who had more active people than the one before in this month and
-- in the last, else the one before while it is still there, else the best.
create or replace temp table primary_instances as
with recursive compared as (
    select candidates.*, last_month.umau as last_umau
    from candidates
    left join candidates as last_month
        on candidates.lineage = last_month.lineage and candidates.instance_id = last_month.instance_id
        and candidates.period_start = last_month.period_start + interval 1 month
),
primaries as (
    select * from compared
    where place = 1 and not exists (
        select 1 from candidates as earlier
        where earlier.lineage = compared.lineage and earlier.period_start = compared.period_start - interval 1 month
    )
    union all
    select compared.*
    from primaries
    inner join compared
        on primaries.lineage = compared.lineage
        and compared.period_start = primaries.period_start + interval 1 month
    left join compared as stays
        on primaries.lineage = stays.lineage and primaries.instance_id = stays.instance_id
        and compared.period_start = stays.period_start
    qualify row_number() over (
        partition by compared.lineage, compared.period_start
        order by
            coalesce(compared.umau > stays.umau and compared.last_umau > stays.last_umau, false) desc,
            coalesce(compared.instance_id = stays.instance_id, false) desc,
            compared.place
    ) = 1
)
select * from primaries;

create or replace table seat_figures as
select
    periods.subscription_id, periods.period_start,
    case
        when primary_instances.instance_id is not null then primary_instances.licensed
        when periods.is_in_force then periods.seats
    end as licensed_seats,
    primary_instances.activated as activated_seats,
    primary_instances.umau
from subscription_periods as periods
left join primary_instances using (lineage, period_start);
