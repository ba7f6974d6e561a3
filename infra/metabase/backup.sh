#!/usr/bin/env bash
# Dumps Metabase's database, with the rows of every table as they were in the dump.
#   backup.sh            STORE, and what libpq reads (PGHOST, PGUSER, …), say from where to where
#   PG='docker exec -i -e PGUSER=metabase metabase-postgres-1'    runs PostgreSQL's tools in there
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=infra/metabase/store.sh
. "$here/store.sh"
# shellcheck source=infra/metabase/counts.sh
. "$here/counts.sh"

database="${METABASE_DATABASE:-metabaseappdb}"
read -ra pg <<<"${PG:-}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
name="metabase-$(date -u +%Y%m%dT%H%M%SZ)"

# One snapshot for the dump and the counts: Metabase goes on writing meanwhile.
coproc SESSION { "${pg[@]}" psql -XAtq -F ' ' -v ON_ERROR_STOP=1 -d "$database"; }
exec 3>&"${SESSION[1]}" 4<&"${SESSION[0]}"
session=$SESSION_PID
echo "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();" >&3
read -r -t 60 snapshot <&4 || fail "database $database does not answer"

"${pg[@]}" pg_dump -Fc --no-owner --no-privileges --snapshot="$snapshot" -d "$database" >"$work/dump"
echo "$counts_sql \\gexec" >&3
printf 'COMMIT;\n\\q\n' >&3
cat <&4 >"$work/counts"
wait "$session" || fail "the rows of $database cannot be counted"
[ -s "$work/counts" ] || fail "$database has no tables: is Metabase set up?"

# A dump that was cut off has no table of contents, or not all of it.
"${pg[@]}" pg_restore --list <"$work/dump" >/dev/null || fail "the dump cannot be read"
{
    echo "sha256 $(sha256sum "$work/dump" | cut -d ' ' -f 1)"
    cat "$work/counts"
} >"$work/manifest"

# The manifest last: what has one is whole.
put "$work/dump" "$name.dump"
put "$work/manifest" "$name.manifest"
echo "backup $name: $(wc -l <"$work/counts") tables, $(awk '{rows += $2} END {print rows}' "$work/counts") rows, $(wc -c <"$work/dump") bytes"
