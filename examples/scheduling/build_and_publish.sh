#!/usr/bin/env bash
# Build, then publish, for cron or by hand: build_and_publish.sh weekly|two_weekly|monthly
# `two_weekly` is called every Monday and does nothing in odd weeks, counted from Monday 2020-01-06 as the grain is.
# dbt and the publisher are two users with two keys: dbt.env and publisher.env in $SETTINGS set SNOWFLAKE_*, the latter
# GAINSIGHT_* as well; both are readable by this user alone. On DuckDB (TARGET=duckdb) both set RAW_PATH and DUCKDB_PATH
# instead. Everything goes to stdout, and to stderr what needs a person.
# The mart is built as of yesterday, so that a run on the 1st, or on a Monday, is about the period that has just ended.
set -uo pipefail
PROJECT=${PROJECT:-/opt/customer_health}
TARGET=${TARGET:-snowflake}
SETTINGS=${SETTINGS:-/etc/customer_health}
LOCK=${LOCK:-/tmp/customer_health.lock}
TRIES=${TRIES:-3}
WAIT=${WAIT:-900}

as() (set -a && . "$SETTINGS/$1.env" && set +a && shift && exec "$@" 2>&1)

if [ "${1:-weekly}" = two_weekly ] && [ $((($(date -u +%s) - 1578268800) / 604800 % 2)) -ne 0 ]; then
    exit 0
fi
cd "$PROJECT" || exit 2
exec 9>"$LOCK"
if ! flock -n 9; then
    echo "customer_health: the run before is still going on; nothing was done" >&2
    exit 3
fi

code=0
as dbt .venv/bin/dbt build --target "$TARGET" --exclude-resource-type unit_test \
    --vars '{as_of: yesterday, loader_role: CUSTOMER_HEALTH_LOADER}' || code=$?
if [ "$code" -ne 0 ]; then
    echo "customer_health: dbt build ended with $code; nothing was published" >&2
    exit "$code"
fi

# 4 is stopped part-way, safe to run again; nothing else gets better by itself.
for try in $(seq "$TRIES"); do
    code=0
    as publisher .venv/bin/python -m loader --target "$TARGET" publish || code=$?
    [ "$code" -eq 4 ] && [ "$try" -lt "$TRIES" ] || break
    sleep "$WAIT"
done
if [ "$code" -ne 0 ]; then
    echo "customer_health: publish ended with $code, see examples/scheduling/README.md" >&2
fi
exit "$code"
