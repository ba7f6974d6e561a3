#!/usr/bin/env bash
# Makes a release in dist/: an archive with every binary and the DuckDB library, what it is made of, checksums.
#   infra/release.sh              builds; takes as long as an optimised build takes
#   infra/release.sh --dry-run    only looks whether a release can be made
# What is in the binaries: every crate and TLS. What is beside them: DuckDB. What the machine has to have (Linux): certificates,
# and its C and C++ library, glibc 2.35 or newer (Debian 12, Ubuntu 22.04); a build on a newer system needs that one's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binaries=(aispend fetcher normalizer validator loader alerter)

fail() {
    echo "error: $*" >&2
    exit 1
}

case "$*" in
"" | --dry-run) ;;
*) fail "there is only --dry-run, not $*" ;;
esac
# Before an hour of building, not after.
for tool in cargo rustc git install strip sha256sum python3 npm; do
    command -v "$tool" >/dev/null || fail "there is no $tool on the PATH"
done
tar --version | grep -q "GNU tar" || fail "tar is not GNU tar, which alone packs the same bytes twice"

version="$(sed -n '/^\[workspace.package\]/,/^\[/ s/^version = "\(.*\)"/\1/p' Cargo.toml)"
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "Cargo.toml has no version"
grep -q "^## $version" docs/changelog.md || fail "docs/changelog.md has no heading for $version"
if [ "${1:-}" = --dry-run ]; then
    dirty="$(git status --porcelain)"
    [ -z "$dirty" ] || echo "note: there are changes that are not committed; a release refuses them"
else
    [ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed"
    git tag --points-at HEAD | grep -qx "v$version" || fail "this commit is not tagged v$version: git tag -s v$version"
    ! grep -q "^## $version, not released yet" docs/changelog.md || fail "docs/changelog.md says that $version is not released yet"
fi
target="$(rustc -vV | sed -n 's/^host: //p')"
name="aispend-$version-$target"
cargo metadata --locked --format-version 1 >/dev/null || fail "Cargo.lock does not say what Cargo.toml asks for"
python3 infra/tools/sbom.py --check
if [ "${1:-}" = --dry-run ]; then
    ! grep -q "^## $version, not released yet" docs/changelog.md || echo "note: docs/changelog.md says that $version is not released yet; a release refuses it"
    git tag --points-at HEAD | grep -qx "v$version" || echo "note: this commit is not tagged v$version; a release refuses it"
    echo "would make dist/$name.tar.gz of ${binaries[*]} and the DuckDB library"
    exit 0
fi

# The same commit gives the same times.
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH CARGO_INCREMENTAL=0
cargo xtask build --release
built="${CARGO_TARGET_DIR:-target}/release"
rm -rf "dist/$name"
mkdir -p "dist/$name"
for binary in "${binaries[@]}"; do
    install -s "$built/$binary" "dist/$name/"
    [ "$("dist/$name/$binary" --version | cut -d ' ' -f 2)" = "$version" ] || fail "$binary does not say that it is $version"
done
library="$built/libduckdb.so"
[ -f "$library" ] || library="$built/libduckdb.dylib"
[ -f "$library" ] || fail "there is no DuckDB library in $built"
cp "$library" LICENSE docs/changelog.md "dist/$name/"
python3 infra/tools/sbom.py >"dist/$name/aispend.cdx.json"
[ -z "$(git status --porcelain)" ] || fail "the build changed what is committed"
# Elsewhere, and without what the build has set: the library has to be found beside the binaries, and has to answer.
moved="$(mktemp -d)"
trap 'rm -rf "$moved"' EXIT
cp -R "dist/$name" "$moved/"
(cd "$moved" && env -i "$moved/$name/aispend" --data-dir "$moved/data" migrate >/dev/null) || fail "the binaries do not find their library"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C dist -czf "dist/$name.tar.gz" "$name"
(cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256" && sha256sum --check --quiet "$name.tar.gz.sha256")
echo "dist/$name.tar.gz"
