#!/usr/bin/env bash
# Starts Metabase on its virtual machine (Container-Optimized OS). Everything it needs is in /var/lib/metabase, put there
# by modules/metabase; passwords are read at each start and stand in memory only.
set -euo pipefail
cd /var/lib/metabase
# shellcheck disable=SC1091
. ./machine.env
export HOME=/var/lib/metabase

disk=/dev/disk/by-id/google-metabase-data
mount_at=/mnt/disks/metabase
blkid "$disk" >/dev/null || mkfs.ext4 -q -m 0 "$disk"
mkdir -p "$mount_at"
mountpoint -q "$mount_at" || mount -o discard,defaults "$disk" "$mount_at"
mkdir -p "$mount_at/postgres"

# Metabase takes 2 GB of the machine's four, and more for a moment.
if [ ! -f "$mount_at/swap" ]; then
    fallocate -l 2G "$mount_at/swap"
    chmod 600 "$mount_at/swap"
    mkswap "$mount_at/swap" >/dev/null
fi
swapon "$mount_at/swap" 2>/dev/null || true

secret() {
    local token answer
    token="$(curl -sSf -H 'Metadata-Flavor: Google' \
        http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token)"
    token="${token#*\"access_token\":\"}"
    answer="$(curl -sSf -H @- "https://secretmanager.googleapis.com/v1/projects/$PROJECT/secrets/$1/versions/latest:access" \
        <<<"Authorization: Bearer ${token%%\"*}")" || {
        echo "error: the secret $1 has no value yet: gcloud secrets versions add $1 --data-file=- --project=$PROJECT" >&2
        exit 1
    }
    grep -oE '"data": ?"[^"]+"' <<<"$answer" | sed -E 's/.*"data": ?"//; s/"$//' | base64 -d
}

umask 077
mkdir -p /run/metabase
database_password="$(secret metabase-db-password)"
encryption_key="$(secret metabase-encryption-key)"
{
    echo "METABASE_DB_PASSWORD=$database_password"
    echo "METABASE_ENCRYPTION_KEY=$encryption_key"
    echo "METABASE_DATA=$mount_at/postgres"
    echo "METABASE_LISTEN=0.0.0.0"
    echo "METABASE_SITE_URL=$SITE_URL"
    echo "METABASE_IMAGE=$IMAGES/$METABASE_IMAGE"
    echo "POSTGRES_IMAGE=$IMAGES/library/postgres:16"
} >/run/metabase/env

# Container-Optimized OS drops what it did not allow itself.
iptables -C INPUT -p tcp --dport 3000 -j ACCEPT 2>/dev/null || iptables -A INPUT -p tcp --dport 3000 -j ACCEPT
docker-credential-gcr configure-docker --registries="${IMAGES%%/*}" >/dev/null 2>&1
for image in "$METABASE_IMAGE" library/postgres:16 library/docker:28-cli; do
    docker pull -q "$IMAGES/$image"
done
# The machine has no Compose of its own.
exec docker run --rm -v /var/run/docker.sock:/var/run/docker.sock -v /var/lib/metabase:/var/lib/metabase:ro \
    -v /run/metabase:/run/metabase:ro "$IMAGES/library/docker:28-cli" \
    docker compose --env-file /run/metabase/env -f /var/lib/metabase/compose.yaml up --detach --wait --pull never
