"""Holds Terraform to the code: `python3 consistency [CHECKOUT]`. Exit 0: they agree, 1: they do not, 2: it could not look."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

try:
    import grpc_tools  # noqa: F401
    import hcl2
except ImportError as error:
    sys.exit(f"error: there is no {error.name} (pip install python-hcl2==8.1.4 grpcio-tools==1.85.1)")

from consistency.checks import ALL  # noqa: E402
from consistency.code import Changed, Code  # noqa: E402
from consistency.guards import guards  # noqa: E402
from consistency.places import places  # noqa: E402
from consistency.terraform import Module, Unreadable, has_terraform, hcl  # noqa: E402


def load(root):
    terraform = root / "infra/terraform"
    modules = {"": Module(terraform), "warehouse/tables": Module(terraform / "modules/warehouse/tables"), "examples": {}}
    for folder in sorted((terraform / "modules").iterdir()):
        modules[folder.name] = Module(folder)
    declared = set()
    for file in modules[""].parsed:
        for block in file.get("variable", []):
            declared |= {name.strip('"') for name in block}
    for file in [*sorted(terraform.glob("examples/*/terraform.tfvars")), *terraform.glob("terraform.tfvars")]:
        values = {key: value for key, value in hcl2.loads(file.read_text()).items() if not key.startswith("__")}
        for name in sorted(set(values) - declared):
            raise Unreadable(f"{file.relative_to(root)} sets {name}, which is no variable")
        pairs = {key: hcl(value) for key, value in values.items()}
        modules["examples"][file.parent.name] = modules["warehouse/tables"].evaluate(pairs, {"folder": "."})
    if not modules["examples"]:
        raise Unreadable("there are no examples")
    return modules


def problems(root):
    """Everything that is wrong, a line each."""
    code, wrong = Code(root), []
    try:
        modules = load(root)
    except Unreadable as error:
        return [str(error)]
    for check in [*ALL, guards, places]:
        # One at a time: what one of them says before it can go no further counts.
        found = check(modules, code)
        while True:
            try:
                wrong.append(next(found))
            except StopIteration:
                break
            except (Unreadable, Changed) as error:
                wrong.append(str(error))
                break
    return wrong


def main(root):
    if not has_terraform():
        print("error: there is no terraform on the PATH", file=sys.stderr)
        return 2
    wrong = problems(root)
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    print(f"consistency: {len(ALL) + 2} checks, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[3])))
