-- The project as an object of Snowflake's, run by a task each Monday. First: snowflake/setup.sql, and
--   snow dbt deploy customer_health --source . --profiles-dir examples/dbt_on_snowflake --dbt-version 1.10.15
--       --database CUSTOMER_HEALTH --schema DBT
-- with a role that owns schema DBT. README.md says what the vars are for.
use role customer_health_transformer;

execute dbt project customer_health.dbt.customer_health args = 'build --target snowflake --exclude-resource-type unit_test --vars ''{raw_path: none_on_snowflake, loader_role: CUSTOMER_HEALTH_LOADER, as_of: yesterday}''';

create or replace task customer_health.dbt.build_weekly
    warehouse = customer_health
    schedule = 'using cron 0 5 * * 1 UTC'
as
    execute dbt project customer_health.dbt.customer_health args = 'build --target snowflake --exclude-resource-type unit_test --vars ''{raw_path: none_on_snowflake, loader_role: CUSTOMER_HEALTH_LOADER, as_of: yesterday}''';

alter task customer_health.dbt.build_weekly resume;

-- What the loader's gate reads: the two artifacts of the newest run, into the folder in which it looks (DBT_TARGET_PATH).
set run_id = (
    select query_id
    from table(customer_health.information_schema.dbt_project_execution_history())
    where object_name = 'CUSTOMER_HEALTH'
    order by query_end_time desc
    limit 1
);
select system$locate_dbt_artifacts($run_id);
-- get '<what it says>manifest.json' file://target/;
-- get '<what it says>run_results.json' file://target/;
