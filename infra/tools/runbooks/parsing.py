"""Checks commands without running them: their own program says whether it would understand them."""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .table import PLACEHOLDERS

# They ask a person, or change the SDK: only the page of help is looked for.
ASKS = [["auth", "login"], ["auth", "application-default", "login"], ["components", "install"], ["info"]]


# What a command names has to be what Terraform makes.
NAMED = [
    r"scheduler jobs \w+ ([\w-]+)", r"pubsub (?:topics|subscriptions) \w+ ([\w.-]+)", r"secrets versions \w+ ([\w-]+) --data",
    r"secrets versions list ([\w-]+)", r"--secret=([\w-]+)", r"compute ssh ([\w-]+)", r"--iam-account=aispend-([\w-]+)@",
]  # fmt: skip


class NotHere(Exception):
    """The program that would say is not on this machine."""


class Later(NotHere):
    """Our own programs are not built here: `cargo xtask test --only gcp` looks at these."""


@functools.cache
def nowhere():
    """An environment in which gcloud knows no account, keeps nothing, and reaches nobody: not even on a machine of Google's."""
    folder = tempfile.mkdtemp(prefix="aispend-gcloud-")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLOUDSDK_", "GOOGLE_"))}
    return kept | {
        "HOME": folder, "CLOUDSDK_CONFIG": folder, "DOCKER_CONFIG": folder, "CLOUDSDK_CORE_PROJECT": "demo-project",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_PROXY_TYPE": "http", "CLOUDSDK_PROXY_ADDRESS": "127.0.0.1", "CLOUDSDK_PROXY_PORT": "9",
    }  # fmt: skip


def ask(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, **options)


def gcloud(words, inline, root):
    """Its own parser comes before it looks for an account: 2 is a command, flag or value it does not know."""
    if not shutil.which("gcloud"):
        raise NotHere("there is no gcloud on the PATH")
    words = [word.replace("…", "made-up") for word in words[1:]]
    asks = any(words[: len(those)] == those for those in ASKS)
    said = ask("gcloud", *words, *(["--help"] if asks else []), env=nowhere())
    if said.returncode == 2 and not (inline and "must be specified" in said.stderr.lower()):
        return said.stderr.strip().splitlines()[0]
    for named in (found for pattern in NAMED for found in re.findall(pattern, " ".join(words))):
        if not re.search(rf'"{re.escape(named)}"|(?m:^\s*{re.escape(named)} +=)', made(root)):
            return f"Terraform makes no {named}"
    return None


@functools.cache
def made(root):
    """Terraform's text: what it makes has its name somewhere in there."""
    folder = root / "infra/terraform"
    return "\n".join(file.read_text() for kind in ("tf", "tfvars") for file in sorted(folder.glob(f"**/*.{kind}")))


def terraform(words, inline, root):
    """A subcommand's flags, and names of outputs."""
    if not shutil.which("terraform"):
        raise NotHere("there is no terraform on the PATH")
    words = [word for word in words[1:] if not word.startswith("-chdir=")]
    help_of = ask("terraform", words[0], "-help").stdout
    if f"terraform [global options] {words[0]}" not in help_of:
        return f"terraform has no {words[0]}"
    for flag in (word.split("=")[0] for word in words[1:] if word.startswith("-")):
        if not re.search(rf"(?m)^\s*{flag}\b", help_of):
            return f"terraform {words[0]} has no {flag}"
    names = [word for word in words[1:] if not word.startswith("-")]
    outputs = re.findall(r'(?m)^output "(\w+)"', (root / "infra/terraform/outputs.tf").read_text())
    for name in names if words[0] == "output" else ():
        if name not in outputs:
            return f"there is no output {name}"
    return None


def ours(words, inline, binaries):
    """Our own: `--help` at the end, so that everything before it is read and nothing is done."""
    if not binaries:
        raise Later("no folder of binaries was named")
    name, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if name == "cargo":
        if rest[:1] == ["xtask"]:
            # It builds these first, even for their help.
            name, rest = {"demo": "aispend", "emulators": "emulators"}.get(rest[1], "aispend-xtask"), rest[1:]
            if name == "emulators":
                rest = rest[1:]
            if rest[:1] == ["bench"]:
                return None
        elif rest[:1] == ["run"] and "--bin" in rest:
            name, rest = rest[rest.index("--bin") + 1], rest[rest.index("--") + 1 :] if "--" in rest else []
        else:
            return None
    program = Path(binaries) / name
    if not program.is_file():
        raise NotHere(f"{name} is not among the binaries")
    rest = [word.replace("…", "made-up") for word in rest]
    if "--" in rest:
        rest = rest[: rest.index("--")]
    said = ask(str(program), *rest, "--help", env={**os.environ, "CARGO": "cargo"})
    if said.returncode:
        return (said.stderr or said.stdout).strip().splitlines()[0]
    return None


def check(words, inline, root, binaries):
    """What is wrong with a command; None where nothing is."""
    words = [PLACEHOLDERS.get(word, word) for word in words]
    if words[0] == "gcloud":
        return gcloud(words, inline, root)
    if words[0] == "terraform":
        return terraform(words, inline, root)
    return ours(words, inline, binaries)
