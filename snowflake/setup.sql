-- Everything the project needs in a Snowflake account. Safe to run again: nothing that holds data is replaced.
-- Names to change, if at all: CUSTOMER_HEALTH (database, warehouse and the prefix of roles and users), MARTS (dbt's target
-- schema), the credit quota. Run as a user who may use SECURITYADMIN, SYSADMIN and ACCOUNTADMIN. docs/snowflake.md explains.

-- 1. Roles ------------------------------------------------------------------------------------------------------------
use role securityadmin;
create role if not exists customer_health_transformer comment = 'dbt: reads RAW, writes the marts';
create role if not exists customer_health_loader comment = 'publisher: reads publish models, writes its own state';
create role if not exists customer_health_reporter comment = 'people and dashboards: read the marts';
create role if not exists customer_health_ingester comment = 'whoever lands files: writes RAW';
grant role customer_health_transformer to role sysadmin;
grant role customer_health_loader to role sysadmin;
grant role customer_health_reporter to role sysadmin;
grant role customer_health_ingester to role sysadmin;

-- 2. Warehouse and what it may cost -----------------------------------------------------------------------------------
use role accountadmin;
create resource monitor if not exists customer_health_monitor with
    credit_quota = 40
    frequency = monthly
    start_timestamp = immediately
    triggers
        on 75 percent do notify
        on 100 percent do suspend
        on 110 percent do suspend_immediate;

use role sysadmin;
create warehouse if not exists customer_health with
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    statement_timeout_in_seconds = 3600
    statement_queued_timeout_in_seconds = 600
    comment = 'dbt, publisher and dashboards of customer_health';

use role accountadmin;
alter warehouse customer_health set resource_monitor = customer_health_monitor;

use role sysadmin;
grant usage on warehouse customer_health to role customer_health_transformer;
grant usage on warehouse customer_health to role customer_health_loader;
grant usage on warehouse customer_health to role customer_health_reporter;
grant usage on warehouse customer_health to role customer_health_ingester;

-- 3. Database and schemas, as the dbt project names them (<target schema>, <target schema>_<folder>) -----------------
-- One day of time travel is what every edition has; with Enterprise you may set more.
create database if not exists customer_health data_retention_time_in_days = 1;
create schema if not exists customer_health.raw with managed access;
create schema if not exists customer_health.marts;
create schema if not exists customer_health.marts_staging;
create schema if not exists customer_health.marts_intermediate data_retention_time_in_days = 0;
create schema if not exists customer_health.marts_metrics;
create schema if not exists customer_health.marts_seeds data_retention_time_in_days = 0;
-- What the CRM said on earlier days: not to be made again from RAW, so it is never dropped.
create schema if not exists customer_health.marts_snapshots;
create schema if not exists customer_health.marts_publish;

-- 4. Raw tables: the contract, and where each row came from -----------------------------------------------------------
create table if not exists customer_health.raw.service_pings (
    ping_id varchar,
    received_at timestamp_ntz,
    payload variant,
    source_file varchar,
    line_number number(38, 0),
    landed_at timestamp_ntz
) cluster by (to_date(received_at))
comment = 'One row per arrival. A line that is not JSON is a row without ping_id whose payload is its text.';
alter table customer_health.raw.service_pings add column if not exists landed_at timestamp_ntz;

create table if not exists customer_health.raw.accounts (
    account_id varchar,
    account_name varchar,
    parent_account_id varchar,
    segment varchar,
    region varchar,
    csm_email varchar,
    in_benchmarks boolean
);
alter table customer_health.raw.accounts add column if not exists in_benchmarks boolean;
create table if not exists customer_health.raw.subscriptions (
    subscription_id varchar,
    original_subscription_id varchar,
    account_id varchar,
    product_tier varchar,
    is_trial boolean,
    seats number(38, 0),
    start_date date,
    end_date date,
    status varchar,
    arr number(38, 2),
    cancelled_on date
);
alter table customer_health.raw.subscriptions add column if not exists cancelled_on date;
create table if not exists customer_health.raw.licenses (
    license_id varchar,
    license_md5 varchar,
    license_sha256 varchar,
    subscription_id varchar,
    seats number(38, 0),
    starts_at date,
    expires_at varchar comment 'text: it may lie past the year 9999'
);
create table if not exists customer_health.raw.instance_labels (
    uuid varchar,
    hostname varchar,
    label varchar,
    labelled_by varchar,
    labelled_at timestamp_ntz
);
create table if not exists customer_health.raw.objectives (
    objective_id varchar,
    account_id varchar,
    objective_name varchar,
    metric_name varchar,
    target_value float,
    starts_on date,
    due_on date,
    baseline_value float,
    direction varchar
);
alter table customer_health.raw.objectives add column if not exists baseline_value float;
alter table customer_health.raw.objectives add column if not exists direction varchar;
create table if not exists customer_health.raw.excluded_pings (
    ping_id varchar,
    reason varchar
);

-- The loader's own tables (docs/loader.md). It may not create schemas, so they stand ready; a test holds them against its code.
create table if not exists customer_health.marts_publish.publish_state (
    destination varchar,
    object varchar,
    row_key varchar,
    row_hash varchar,
    destination_id varchar,
    created_by_us boolean,
    accepted_at timestamp_ntz,
    run_id varchar,
    null_fields varchar,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_runs (
    run_id varchar,
    destination varchar,
    started_at timestamp_ntz,
    finished_at timestamp_ntz,
    outcome varchar,
    exit_code number(38, 0),
    rows_new number(38, 0),
    rows_changed number(38, 0),
    rows_unchanged number(38, 0),
    rows_gone number(38, 0),
    rows_accepted number(38, 0),
    rows_rejected number(38, 0),
    api_calls number(38, 0),
    gate varchar,
    message varchar,
    connection varchar,
    rows_later number(38, 0),
    as_of varchar,
    grain varchar
);
create table if not exists customer_health.marts_publish.publish_rejections (
    run_id varchar,
    destination varchar,
    object varchar,
    row_key varchar,
    field varchar,
    code varchar,
    message varchar,
    rejected_at timestamp_ntz,
    row_hash varchar,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_later (
    destination varchar,
    object varchar,
    row_key varchar,
    code varchar,
    message varchar,
    since timestamp_ntz,
    last_at timestamp_ntz,
    runs number(38, 0),
    run_id varchar,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_intents (
    destination varchar,
    object varchar,
    row_key varchar,
    run_id varchar,
    sent_at timestamp_ntz,
    created_by_us boolean,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_uploads (
    destination varchar,
    object varchar,
    status_id varchar,
    run_id varchar,
    sent_at timestamp_ntz,
    ended_at timestamp_ntz,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_calls (
    destination varchar,
    day date,
    calls number(38, 0),
    recent number(38, 0),
    last_call_at timestamp_ntz,
    recents varchar,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_locks (
    destination varchar,
    run_id varchar,
    holder varchar,
    heartbeat_at timestamp_ntz,
    ends_at timestamp_ntz,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_links (
    destination varchar,
    object varchar,
    field varchar,
    value varchar,
    target varchar,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_objects (
    destination varchar,
    object varchar,
    key_fields varchar,
    as_of varchar,
    grain varchar,
    connection varchar
);
create table if not exists customer_health.marts_publish.publish_connections (
    destination varchar,
    connection varchar,
    warehouse varchar,
    since timestamp_ntz
);
-- Columns that came later; tables of an earlier version are not made again.
alter table customer_health.marts_publish.publish_state add column if not exists connection varchar;
alter table customer_health.marts_publish.publish_runs add column if not exists connection varchar;
alter table customer_health.marts_publish.publish_runs add column if not exists rows_later number(38, 0);
alter table customer_health.marts_publish.publish_runs add column if not exists as_of varchar;
alter table customer_health.marts_publish.publish_runs add column if not exists grain varchar;
alter table customer_health.marts_publish.publish_rejections add column if not exists connection varchar;
alter table customer_health.marts_publish.publish_intents add column if not exists created_by_us boolean;
alter table customer_health.marts_publish.publish_intents add column if not exists connection varchar;
alter table customer_health.marts_publish.publish_uploads add column if not exists connection varchar;
alter table customer_health.marts_publish.publish_calls add column if not exists recents varchar;
alter table customer_health.marts_publish.publish_calls add column if not exists connection varchar;
alter table customer_health.marts_publish.publish_locks add column if not exists ends_at timestamp_ntz;
alter table customer_health.marts_publish.publish_locks add column if not exists connection varchar;

-- 5. Landing pings: stage -> lines as text -> rows --------------------------------------------------------------------
-- Lines are landed as text first, so that a line which is not JSON is listed in quarantined_pings and not lost.
-- COPY and the procedure need a warehouse; a second run of this file has none from creating it.
use warehouse customer_health;
create file format if not exists customer_health.raw.one_line_one_column
    type = csv
    field_delimiter = none
    record_delimiter = '\n'
    escape_unenclosed_field = none
    null_if = ()
    skip_blank_lines = true
    replace_invalid_characters = true
    compression = auto;
create file format if not exists customer_health.raw.one_file_one_column
    type = csv
    field_delimiter = none
    record_delimiter = none
    escape_unenclosed_field = none
    null_if = ()
    replace_invalid_characters = true
    compression = auto;
create file format if not exists customer_health.raw.csv_with_header
    type = csv
    parse_header = true
    field_optionally_enclosed_by = '"'
    empty_field_as_null = true
    compression = auto;

-- Internal stages: `put file:///data/service_pings/*.jsonl @customer_health.raw.pings` (PUT compresses, which is fine). For a
-- bucket of your own, create the stage with `url` and `storage_integration` before this runs, and grant usage on it to the
-- ingester in place of read and write.
create stage if not exists customer_health.raw.pings comment = 'service_pings/ of the raw contract';
create stage if not exists customer_health.raw.crm comment = 'the CSV files of the raw contract';

create table if not exists customer_health.raw.ping_lines (
    line varchar,
    source_file varchar,
    line_number number(38, 0),
    file_time timestamp_ntz
) comment = 'What COPY INTO loaded. Rows may be deleted once land_pings() has read them; never truncate: files would load again.';
alter table customer_health.raw.ping_lines add column if not exists file_time timestamp_ntz;
create stream if not exists customer_health.raw.ping_lines_new on table customer_health.raw.ping_lines append_only = true;

-- Both skip files that are loaded already. Run them and the call below after each arrival, as the ingester and at least every
-- two weeks (a stream that is not read for longer goes stale), or let Snowpipe and the task of section 8 do it.
copy into customer_health.raw.ping_lines (line, source_file, line_number, file_time)
from (
    select lines.$1, metadata$filename, metadata$file_row_number, metadata$file_last_modified
    from @customer_health.raw.pings lines
)
pattern = '.*[.](jsonl|ndjson)([.]gz)?'
file_format = (format_name = 'customer_health.raw.one_line_one_column')
on_error = 'abort_statement';

copy into customer_health.raw.ping_lines (line, source_file, line_number, file_time)
from (
    select files.$1, metadata$filename, metadata$file_row_number, metadata$file_last_modified
    from @customer_health.raw.pings files
)
pattern = '.*[.]json([.]gz)?'
file_format = (format_name = 'customer_health.raw.one_file_one_column')
on_error = 'abort_statement';

-- Reading the stream empties it. A file that is loaded again, corrected, is landed again, and its later landed_at counts. A
-- hand-saved payload (a .json file without a payload in it) has the hash of its content as its id; it arrived when it says
-- that it was recorded, if that lies from 35 days before until a day after the file's own time, else at the file's time: the
-- day in its name, or without one when it came to the stage (docs/rules.md 1).
create or replace procedure customer_health.raw.land_pings()
returns varchar
language sql
execute as owner
as
$$
begin
    insert into customer_health.raw.service_pings (ping_id, received_at, payload, source_file, line_number, landed_at)
    with parsed as (
        select
            line,
            source_file,
            line_number,
            file_time,
            try_parse_json(line) as record
        from customer_health.raw.ping_lines_new
        where trim(line) <> ''
    ),
    told as (
        select
            *,
            regexp_like(source_file, '.*[.]json([.]gz)?') and typeof(record) = 'OBJECT' and record:payload is null as is_manual
        from parsed
    ),
    dated as (
        select
            *,
            regexp_replace(
                trim(case when is_manual then cast(record:recorded_at as varchar) else cast(record:received_at as varchar) end),
                '( UTC|Z)$', '+00:00'
            ) as arrival,
            try_to_date(regexp_substr(regexp_substr(source_file, '[^/]+$'), '20[0-9]{2}-[0-9]{2}-[0-9]{2}'), 'YYYY-MM-DD') as named_day
        from told
    ),
    timed as (
        select
            *,
            cast(convert_timezone('UTC', coalesce(
                try_to_timestamp_tz(arrival, 'YYYY-MM-DD"T"HH24:MI:SS.FFTZH:TZM'),
                try_to_timestamp_tz(arrival, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM'),
                try_to_timestamp_tz(arrival, 'YYYY-MM-DD HH24:MI:SS.FFTZH:TZM'),
                try_to_timestamp_tz(arrival, 'YYYY-MM-DD HH24:MI:SSTZH:TZM'),
                try_to_timestamp_tz(arrival || '+00:00', 'YYYY-MM-DD"T"HH24:MI:SS.FFTZH:TZM'),
                try_to_timestamp_tz(arrival || '+00:00', 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM'),
                try_to_timestamp_tz(arrival || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FFTZH:TZM'),
                try_to_timestamp_tz(arrival || '+00:00', 'YYYY-MM-DD HH24:MI:SSTZH:TZM')
            )) as timestamp_ntz) as clock,
            case when named_day <= dateadd(day, 1, file_time) then cast(named_day as timestamp_ntz) else file_time end as saved_at
        from dated
    )
    select
        case when is_manual then md5(line) else nullif(trim(cast(record:ping_id as varchar)), '') end,
        case
            when not coalesce(is_manual, false) then clock
            when clock >= dateadd(day, -35, saved_at) and clock <= dateadd(hour, 24, saved_at) then clock
            else saved_at
        end,
        case when record is null then to_variant(line) when is_manual then record else record:payload end,
        source_file,
        line_number,
        sysdate()
    from timed;
    return sqlrowcount || ' rows';
end;
$$;
call customer_health.raw.land_pings();

-- The CRM's files: each load replaces what was there; columns are found by their names. For each:
--   put file:///data/accounts.csv @customer_health.raw.crm auto_compress = false overwrite = true;
--   begin;
--   delete from customer_health.raw.accounts;
--   copy into customer_health.raw.accounts from @customer_health.raw.crm files = ('accounts.csv')
--       file_format = (format_name = 'customer_health.raw.csv_with_header')
--       match_by_column_name = case_insensitive force = true;
--   commit;

-- 6. Grants: no role has more than its job needs ----------------------------------------------------------------------
use role securityadmin;
grant usage on database customer_health to role customer_health_transformer;
grant usage on database customer_health to role customer_health_loader;
grant usage on database customer_health to role customer_health_reporter;
grant usage on database customer_health to role customer_health_ingester;

-- The ingester writes RAW and nothing else.
grant usage on schema customer_health.raw to role customer_health_ingester;
grant select, insert, update, delete, truncate on all tables in schema customer_health.raw to role customer_health_ingester;
grant select, insert, update, delete, truncate on future tables in schema customer_health.raw to role customer_health_ingester;
grant select on all streams in schema customer_health.raw to role customer_health_ingester;
grant read, write on all stages in schema customer_health.raw to role customer_health_ingester;
grant usage on all file formats in schema customer_health.raw to role customer_health_ingester;
grant usage on procedure customer_health.raw.land_pings() to role customer_health_ingester;

-- The transformer reads RAW, and owns what it makes in dbt's schemas. It may not create databases.
grant usage on schema customer_health.raw to role customer_health_transformer;
grant select on all tables in schema customer_health.raw to role customer_health_transformer;
grant select on future tables in schema customer_health.raw to role customer_health_transformer;
grant usage, create table, create view on schema customer_health.marts to role customer_health_transformer;
grant usage, create table, create view on schema customer_health.marts_staging to role customer_health_transformer;
grant usage, create table, create view on schema customer_health.marts_intermediate to role customer_health_transformer;
grant usage, create table, create view on schema customer_health.marts_metrics to role customer_health_transformer;
grant usage, create table, create view on schema customer_health.marts_seeds to role customer_health_transformer;
grant usage, create table on schema customer_health.marts_snapshots to role customer_health_transformer;
grant usage, create table on schema customer_health.marts_publish to role customer_health_transformer;
-- dbt says `create schema if not exists` of schemas that are there, too, which needs the privilege all the same.
grant create schema on database customer_health to role customer_health_transformer;

-- The loader reads the publish models and dim_instances, which dbt grants one by one after each run (var loader_role), and
-- reads and writes its own schema. There it also needs temporary tables, and to see which dbt run wrote the marts.
grant usage on schema customer_health.marts to role customer_health_loader;
grant usage, create table on schema customer_health.marts_publish to role customer_health_loader;
grant select on future tables in schema customer_health.marts_publish to role customer_health_loader;
grant select on all tables in schema customer_health.marts_publish to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_state to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_runs to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_rejections to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_later to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_intents to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_uploads to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_calls to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_locks to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_links to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_objects to role customer_health_loader;
grant insert, update, delete on table customer_health.marts_publish.publish_connections to role customer_health_loader;

-- `pull-labels` brings back what CSMs chose in Gainsight: it reads dim_instances and adds rows to one raw table. Leave these
-- two out if you do not use it.
grant usage on schema customer_health.raw to role customer_health_loader;
grant select, insert on table customer_health.raw.instance_labels to role customer_health_loader;

-- The reporter reads the marts, present and future, and no model before them.
grant usage on schema customer_health.marts to role customer_health_reporter;
grant select on all tables in schema customer_health.marts to role customer_health_reporter;
grant select on future tables in schema customer_health.marts to role customer_health_reporter;
grant select on all views in schema customer_health.marts to role customer_health_reporter;
grant select on future views in schema customer_health.marts to role customer_health_reporter;
-- The dashboard also reads the words and bands of the seeds, and what dbt and the loader wrote of their runs.
grant usage on schema customer_health.marts_seeds to role customer_health_reporter;
grant select on all tables in schema customer_health.marts_seeds to role customer_health_reporter;
grant select on future tables in schema customer_health.marts_seeds to role customer_health_reporter;
grant usage on schema customer_health.marts_publish to role customer_health_reporter;
grant select on all tables in schema customer_health.marts_publish to role customer_health_reporter;
grant select on future tables in schema customer_health.marts_publish to role customer_health_reporter;
-- People get it with: grant role customer_health_reporter to user ...; and whoever lands files, the ingester.

-- 7. Users: service users with key pairs, no passwords ----------------------------------------------------------------
-- openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes-256-cbc -out transformer.p8 && openssl rsa -in transformer.p8 -pubout
create user if not exists customer_health_dbt
    type = service
    default_role = customer_health_transformer
    default_warehouse = customer_health
    default_namespace = customer_health.marts;
create user if not exists customer_health_publisher
    type = service
    default_role = customer_health_loader
    default_warehouse = customer_health
    default_namespace = customer_health.marts_publish;
grant role customer_health_transformer to user customer_health_dbt;
grant role customer_health_loader to user customer_health_publisher;
-- With the text between the BEGIN and END lines of each public key:
--   alter user customer_health_dbt set rsa_public_key = 'MIIBIjANBgkqh...';
--   alter user customer_health_publisher set rsa_public_key = 'MIIBIjANBgkqh...';
-- To change a key without a gap, set rsa_public_key_2, change the secret, then unset the old one.

-- 8. Option: Snowpipe instead of COPY by hand -------------------------------------------------------------------------
-- With a stage on a bucket of your own; `desc pipe` shows the queue to send the bucket's notifications to. Then take the first
-- COPY out of section 5: a pipe and COPY do not know of each other's files.
--   use role accountadmin;
--   grant execute task on account to role sysadmin;
--   use role sysadmin;
--   create pipe if not exists customer_health.raw.ping_lines_pipe auto_ingest = true as
--       copy into customer_health.raw.ping_lines (line, source_file, line_number)
--       from (select lines.$1, metadata$filename, metadata$file_row_number from @customer_health.raw.pings lines)
--       pattern = '.*[.](jsonl|ndjson)([.]gz)?'
--       file_format = (format_name = 'customer_health.raw.one_line_one_column');
--   create task if not exists customer_health.raw.land_pings_task
--       warehouse = customer_health
--       schedule = '60 minute'
--       when system$stream_has_data('customer_health.raw.ping_lines_new')
--   as
--       call customer_health.raw.land_pings();
--   alter task customer_health.raw.land_pings_task resume;
