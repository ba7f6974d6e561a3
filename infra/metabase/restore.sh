#!/usr/bin/env bash
# Restores Metabase's database from a backup, into a database beside it first.
#   restore.sh --check [NAME]      proves that the backup can be restored, and changes nothing
#   restore.sh --replace [NAME]    puts it in the place of the database, which is kept under another name
# NAME is metabase-20261122T030000Z, or latest, which is the default. Settings as for backup.sh.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=infra/metabase/store.sh
. "$here/store.sh"
# shellcheck source=infra/metabase/counts.sh
. "$here/counts.sh"

mode="${1:-}"
name="${2:-latest}"
case "$mode" in --check | --replace) ;; *) fail "restore.sh --check|--replace [NAME]" ;; esac
database="${METABASE_DATABASE:-metabaseappdb}"
read -ra pg <<<"${PG:-}"
work="$(mktemp -d)"
stamp="$(date -u +%Y%m%d%H%M%S)"
scratch="metabase_restore_${stamp}_$$"

sql() {
    "${pg[@]}" psql -XAtq -F ' ' -v ON_ERROR_STOP=1 -d "$1" -c "$2"
}

end() {
    # Gone where it was renamed.
    sql postgres "DROP DATABASE IF EXISTS $scratch" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap end EXIT

if [ "$name" = latest ]; then
    name="$(newest '\.manifest')" || true
    name="${name%.manifest}"
    [ -n "$name" ] || fail "there is no backup in $STORE"
fi
get "$name.manifest" "$work/manifest" || fail "there is no backup $name in $STORE, or it was never finished"
get "$name.dump" "$work/dump" || fail "$name.dump is not in $STORE"
wanted="$(sed -n 's/^sha256 //p' "$work/manifest")"
[ "$(sha256sum "$work/dump" | cut -d ' ' -f 1)" = "$wanted" ] || fail "$name.dump is damaged: take an older backup"

sql postgres "CREATE DATABASE $scratch TEMPLATE template0"
"${pg[@]}" pg_restore --exit-on-error --no-owner --no-privileges -d "$scratch" <"$work/dump" || fail "$name cannot be restored"
echo "$counts_sql \\gexec" | "${pg[@]}" psql -XAtq -F ' ' -v ON_ERROR_STOP=1 -d "$scratch" >"$work/counts"
sed '/^sha256 /d' "$work/manifest" | diff - "$work/counts" >&2 || fail "$name has other rows than were dumped"
tables="$(wc -l <"$work/counts")"

if [ "$mode" = --check ]; then
    echo "checked $name: $tables tables restored, every row is there"
    exit 0
fi

if [ "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = '$database'")" = 1 ]; then
    kept="${database}_before_$stamp"
    # Metabase would come back at once.
    sql postgres "ALTER DATABASE $database ALLOW_CONNECTIONS false"
    sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database'" >/dev/null
    sql postgres "BEGIN; ALTER DATABASE $database RENAME TO $kept; ALTER DATABASE $scratch RENAME TO $database; COMMIT" || {
        sql postgres "ALTER DATABASE $database ALLOW_CONNECTIONS true"
        fail "$database is in use and stays as it is: stop Metabase, then try again"
    }
    echo "what was there is $kept; when all is well: DROP DATABASE $kept"
else
    sql postgres "ALTER DATABASE $scratch RENAME TO $database"
fi
echo "restored $name: $tables tables, every row is there"
