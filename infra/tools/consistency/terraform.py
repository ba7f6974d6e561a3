"""Reads Terraform modules, and has Terraform itself work out what their expressions come to."""

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import hcl2

REGION = "us-central1"


class Unreadable(Exception):
    """What is not there, or cannot be worked out."""


def bare(name):
    return name.strip('"')


def hcl(value):
    """A parsed value as an expression again."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(hcl(each) for each in value) + "]"
    if isinstance(value, dict):
        pairs = {key: each for key, each in value.items() if not key.startswith("__")}
        return "{" + ", ".join(f"{key} = {hcl(each)}" for key, each in pairs.items()) + "}"
    text = str(value)
    whole = text.startswith("${") and text.endswith("}")
    return text[2:-1] if whole else text


def blocks(text, head):
    """The blocks that begin so, as they are written. `terraform fmt` ends each with a brace at the margin."""
    return re.findall(rf"(?ms)^{head}\b[^\n]*\}}$|^{head}\b.*?^\}}$", text)


class Module:
    """One folder of Terraform."""

    def __init__(self, folder):
        self.folder = Path(folder)
        files = sorted(self.folder.glob("*.tf"))
        if not files:
            raise Unreadable(f"{folder}: no Terraform")
        self.text = "\n".join(file.read_text() for file in files)
        self.parsed = [hcl2.loads(file.read_text()) for file in files]

    def resources(self):
        """(type, name, body) of every resource."""
        for file in self.parsed:
            for block in file.get("resource", []):
                for kind, named in block.items():
                    for name, body in named.items():
                        if not kind.startswith("__"):
                            yield bare(kind), bare(name), body

    def resource(self, kind, name):
        for its_kind, its_name, body in self.resources():
            if (its_kind, its_name) == (kind, name):
                return body
        raise Unreadable(f"{self.folder.name}: there is no resource {kind}.{name}")

    def each(self, body, *attributes, variables=None):
        """What attributes come to, for every key of the resource's `for_each`. An attribute may be a path: `a.b`."""
        made = {}
        for attribute in attributes:
            value = body
            for part in attribute.split("."):
                value = value[0] if isinstance(value, list) else value
                if part not in value:
                    raise Unreadable(f"{self.folder.name}: a resource has no {attribute}")
                value = value[part]
            made[attribute] = re.sub(r"\beach\.value\b", "v", re.sub(r"\beach\.key\b", "k", hcl(value)))
        each = ", ".join(f'"{name}" = {expression}' for name, expression in made.items())
        if "for_each" not in body:
            return {"": self.evaluate({"it": "{" + each + "}"}, variables)["it"]}
        source = hcl(body["for_each"])
        return self.evaluate({"it": f"{{ for k, v in {source} : k => {{ {each} }} }}"}, variables)["it"]

    def evaluate(self, expressions, variables=None):
        """What expressions over locals and variables come to."""
        kept = blocks(self.text, "variable")
        if "local." in " ".join(expressions.values()):
            kept += blocks(self.text, "locals")
        # Names of resources stand for themselves: nobody is asked for them.
        quote = re.compile(r'(?<![\w."])(google_\w+\.\w+)((?:\[[^\]]*\])?(?:\.\w+)?)')
        text = quote.sub(r'"\1"', "\n".join(kept)).replace("${path.module}", str(self.folder.resolve()))
        pairs = quote.sub(r'"\1"', ", ".join(f'"{name}" = {expression}' for name, expression in expressions.items()))
        known = re.findall(r'(?m)^variable "(\w+)"', self.text)
        values = {name: value for name, value in (variables or {}).items() if name in known}
        return json.loads(console(text, json.dumps(values, sort_keys=True), pairs, contents(values.get("folder"))))


def contents(folder):
    """What is in a folder that an expression reads."""
    return tuple(file.read_text() for file in sorted(Path(folder).glob("*.sql"))) if folder else ()


@functools.cache
def console(text, values, pairs, _contents):
    """Terraform's own answer. The same question is asked once: the self-test asks almost nothing else."""
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "main.tf").write_text(text)
        (Path(work) / "terraform.tfvars.json").write_text(values)
        answer = subprocess.run(
            ["terraform", "console"],
            input=f"jsonencode({{{pairs}}})\n".replace("\n\n", "\n"),
            cwd=work,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
        )
    if answer.returncode != 0 or not answer.stdout.startswith('"{'):
        said = re.sub(r"\x1b\[[0-9;]*m", "", answer.stderr or answer.stdout).strip()
        raise Unreadable(f"terraform cannot work out {pairs[:200]}: {said}")
    return json.loads(answer.stdout.strip())


def has_terraform():
    return shutil.which("terraform") is not None
