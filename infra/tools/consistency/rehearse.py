"""Applies Terraform without a cloud: every resource becomes a `terraform_data` that holds what it was given, and Terraform itself
works out order, keys, modules and every expression. First without an image, then with one, for each example, as docs/guides/deploy.md
does it. What the provider would say to the values is tfcheck's part."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from consistency.terraform import Module, blocks, hcl  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = re.compile(r"(?<![\w.\"/])(google_\w+)\.(\w+)((?:\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\])?)(\.\w+)?")
META = {"for_each", "count", "depends_on", "lifecycle"}
IMAGE = "us-central1-docker.pkg.dev/p/aispend/aispend@sha256:" + "0" * 64
# What Google would add. A value nobody knows before the resource is made, as with the provider.
ADDED = 'id = "id", name = "name", email = "x@example.com", member = "serviceAccount:x@example.com", uri = "https://x", uptime_check_id = "u"'


def rewritten(text):
    """References to stand-ins instead of to the provider's resources."""

    def stand_in(found):
        kind, name, index, attribute = found.groups()
        whole = f"terraform_data.{kind}__{name}"
        if attribute:
            return f"{whole}{index}.output{attribute}"
        return f"{{ for k__, v__ in {whole} : k__ => v__.output }}" if not index else f"{whole}{index}.output"

    return REFERENCE.sub(stand_in, text.replace("data.google_project.this.number", '"123456789"'))


def content(body):
    """Attributes and nested blocks as one object."""
    pairs = {}
    for key, value in body.items():
        if key.startswith("__") or key in META:
            continue
        if key == "dynamic":
            for dynamic in value:
                for label, its in dynamic.items():
                    name = label.strip('"')
                    if name.startswith("__"):
                        continue
                    inner = content(its["content"][0])
                    inner = re.sub(rf"\b{name}\.value\b", "v__", re.sub(rf"\b{name}\.key\b", "k__", inner))
                    pairs[name] = f"[for k__, v__ in {hcl(its['for_each'])} : {inner}]"
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            pairs[key] = "[" + ", ".join(content(each) for each in value) + "]"
        else:
            pairs[key] = hcl(value)
    if "network_ip" not in pairs and "subnetwork" in pairs:
        pairs["network_ip"] = '"10.10.0.2"'
    return "{ " + ", ".join(f'"{key}" = {value}' for key, value in pairs.items()) + " }"


def stand_in(kind, name, body):
    lines = [f'resource "terraform_data" "{kind}__{name}" {{']
    for key in ("for_each", "count"):
        if key in body:
            lines.append(f"  {key} = {rewritten(hcl(body[key]))}")
    if "depends_on" in body:
        its = [re.sub(REFERENCE, r"terraform_data.\1__\2", hcl(each)) for each in body["depends_on"]]
        lines.append(f"  depends_on = [{', '.join(its)}]")
    return "\n".join([*lines, f"  input = merge({{ {ADDED} }}, {rewritten(content(body))})", "}"])


def stage_set(folder, to):
    module = Module(folder)
    kept = [text for head in ("variable", "locals", "output", "module") for text in blocks(module.text, head)]
    parts = [rewritten(text) for text in kept]
    parts += [stand_in(kind, name, body) for kind, name, body in module.resources()]
    to.mkdir(parents=True, exist_ok=True)
    (to / "main.tf").write_text("\n\n".join(parts))
    for file in folder.glob("*.tftpl"):
        shutil.copy(file, to)


def terraform(folder, *arguments):
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(["terraform", *arguments], cwd=folder, capture_output=True, text=True, env=environment, timeout=300)
    if done.returncode:
        print(f"error: terraform {' '.join(arguments)}\n{done.stderr or done.stdout}", file=sys.stderr)
        sys.exit(1)
    return done.stdout


def made(folder):
    """Addresses and what each was given."""
    state = json.loads(terraform(folder, "show", "-json"))["values"]["root_module"]
    found, modules = {}, [state]
    while modules:
        module = modules.pop()
        modules += module.get("child_modules", [])
        for resource in module.get("resources", []):
            found[resource["address"].replace("terraform_data.", "")] = resource["values"]["input"]
    return found


def main():
    with tempfile.TemporaryDirectory() as work:
        base = Path(work) / "infra"
        real = ROOT / "infra/terraform"
        for folder in [real, *(file.parent for file in real.glob("modules/**/main.tf"))]:
            stage_set(folder, base / "terraform" / folder.relative_to(real))
        for beside in ("warehouse/tables", "metabase"):
            shutil.copytree(ROOT / "infra" / beside, base / beside)
        shutil.copytree(ROOT / "proto/aispend", Path(work) / "proto/aispend")
        terraform(base / "terraform", "init", "-input=false", "-no-color")
        # An admin's own values as well, where there are some.
        for example in [*sorted(real.glob("examples/*/terraform.tfvars")), *real.glob("terraform.tfvars")]:
            options = ["-no-color", "-input=false", f"-var-file={example}"]
            state = base / "terraform/terraform.tfstate"
            for file in base.glob("terraform/terraform.tfstate*"):
                file.unlink()
            terraform(state.parent, "apply", "-auto-approve", *options)
            ground = made(state.parent)
            running = [*options, f"-var=image={IMAGE}", "-var=dashboards=true", "-var=billing_account=b"]
            terraform(state.parent, "apply", "-auto-approve", *running)
            whole = made(state.parent)
            again = terraform(state.parent, "plan", *running)
            stages = {its["name"] for address, its in whole.items() if re.search(r"workers\[0\]\.google_cloud_run_v2_(service|worker_pool)__stage\[", address)}
            paused = [its["paused"] for address, its in ground.items() if "scheduler_job__daily" in address]
            wrong = []
            if any("module.workers" in address for address in ground):
                wrong.append("something runs although there is no image")
            if paused != [True]:
                wrong.append("the schedule is on although nothing runs")
            if stages != {"fetcher", "normalizer", "validator", "loader", "alerter"}:
                wrong.append(f"what runs is {sorted(stages)}")
            if "No changes" not in again:
                wrong.append("a second plan is not empty")
            user_data = [its["metadata"]["user-data"] for address, its in whole.items() if "compute_instance__metabase" in address]
            if not user_data or not user_data[0].startswith("#cloud-config\n"):
                wrong.append("Metabase's machine is not told what to do")
            for line in wrong:
                print(f"error: {example.parent.name}: {line}", file=sys.stderr)
            if wrong:
                return 1
            print(f"{example.parent.name}: {len(ground)} resources without an image, {len(whole)} with one, and a second plan is empty")
    return 0


if __name__ == "__main__":
    sys.exit(main())
