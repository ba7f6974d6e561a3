# shellcheck shell=bash
# Where backups are: a folder, or gs://BUCKET/PREFIX. Sourced by backup.sh and restore.sh.
#   STORE             the folder or bucket
#   STORAGE_ENDPOINT  another address of Cloud Storage, which then is asked without a token

fail() {
    echo "error: $*" >&2
    exit 1
}

[ -n "${STORE:-}" ] || fail "STORE is not set: a folder, or gs://BUCKET/PREFIX"

storage="${STORAGE_ENDPOINT:-https://storage.googleapis.com}"
place="${STORE#gs://}"
bucket="${place%%/*}"
prefix="${place#"$bucket"}"
prefix="${prefix#/}"
prefix="${prefix:+${prefix%/}/}"

is_bucket() {
    [[ "$STORE" == gs://* ]]
}

# The machine's own token; it lives for minutes and is written nowhere.
ask() {
    local header=()
    if [ -z "${STORAGE_ENDPOINT:-}" ]; then
        local token
        token="$(curl -sSf -H 'Metadata-Flavor: Google' \
            http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token)" ||
            fail "this machine has no service account: run it on Metabase's"
        token="${token#*\"access_token\":\"}"
        header=(-H @-)
        curl -sSf "${header[@]}" "$@" <<<"Authorization: Bearer ${token%%\"*}"
    else
        curl -sSf "$@"
    fi
}

slashes() {
    echo "${1//\//%2F}"
}

# put FILE NAME: never over what is there.
put() {
    if is_bucket; then
        ask -X POST -H 'Content-Type: application/octet-stream' --data-binary "@$1" -o /dev/null \
            "$storage/upload/storage/v1/b/$bucket/o?uploadType=media&ifGenerationMatch=0&name=$(slashes "$prefix$2")"
    else
        [ -d "$STORE" ] || fail "there is no folder $STORE"
        [ ! -e "$STORE/$2" ] || fail "$STORE/$2 is there already"
        cp "$1" "$STORE/$2.part" && mv "$STORE/$2.part" "$STORE/$2"
    fi
}

# get NAME FILE
get() {
    if is_bucket; then
        ask -o "$2" "$storage/storage/v1/b/$bucket/o/$(slashes "$prefix$1")?alt=media"
    else
        cp "$STORE/$1" "$2"
    fi
}

# The newest name that ends in this.
newest() {
    if is_bucket; then
        ask "$storage/storage/v1/b/$bucket/o?maxResults=1000&fields=items(name)&prefix=$(slashes "$prefix")" |
            grep -oE '"name": ?"[^"]+"' | sed -E 's/.*"name": ?"//; s/"$//; s|.*/||'
    else
        ls "$STORE"
    fi | grep -E "$1\$" | sort | tail -n 1
}
