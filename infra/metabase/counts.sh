# shellcheck shell=bash
# Every table and its rows, by name. Sourced by backup.sh and restore.sh.

# shellcheck disable=SC2034
counts_sql="SELECT format('SELECT %L, count(*) FROM %I.%I', schemaname || '.' || tablename, schemaname, tablename)
FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
ORDER BY schemaname COLLATE \"C\", tablename COLLATE \"C\""
