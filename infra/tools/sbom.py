"""What a release is made of, as CycloneDX 1.5: every crate of Cargo.lock (those of tests as well), and the DuckDB library.

`sbom.py > aispend.cdx.json`; `sbom.py --check` says whether it can be made whole."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

root = Path(__file__).resolve().parents[2]
lock = tomllib.loads((root / "Cargo.lock").read_text())["package"]
version = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def crate(package):
    reference = f"pkg:cargo/{package['name']}@{package['version']}"
    part = {"type": "library", "bom-ref": reference, "name": package["name"], "version": package["version"], "purl": reference}
    if "checksum" in package:
        part["hashes"] = [{"alg": "SHA-256", "content": package["checksum"]}]
    return part


def duckdb():
    source = (root / "infra/xtask/src/duckdb.rs").read_text()
    number = re.search(r'pub const VERSION: &str = "([\d.]+)"', source).group(1)
    digest = re.search(r'library_sha256: "([0-9a-f]{64})"', source).group(1)
    reference = f"pkg:github/duckdb/duckdb@v{number}"
    return {
        "type": "library", "bom-ref": reference, "name": "libduckdb", "version": number, "purl": reference,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }  # fmt: skip


parts = [crate(package) for package in lock if package.get("source")] + [duckdb()]
unsigned = [part["name"] for part in parts if "hashes" not in part]
if unsigned:
    sys.exit(f"error: no checksum of {', '.join(unsigned)}: they are not of a registry")
if "--check" in sys.argv:
    print(f"{len(parts)} parts of aispend {version}, each with its checksum")
    sys.exit()


def licences():
    """As each crate says it, by reference."""
    asked = subprocess.run(["cargo", "metadata", "--locked", "--format-version", "1"], cwd=root, capture_output=True, check=True)
    packages = json.loads(asked.stdout)["packages"]
    said = {f"pkg:cargo/{its['name']}@{its['version']}": its["license"] for its in packages if its["license"]}
    return said | {parts[-1]["bom-ref"]: "MIT"}


known = licences()
for part in parts:
    if part["bom-ref"] in known:
        # An old way to write OR.
        part["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", known[part["bom-ref"]])}]
json.dump(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "aispend", "version": version, "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": parts,
    },
    sys.stdout,
    indent=1,
)
print()
