"""Every policy that is skipped says why, in more than a word."""

import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[1] / "terraform"
found, wrong = 0, []
for file in sorted(root.glob("**/*.tf")):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if "checkov:skip" in line:
            found += 1
            if not re.fullmatch(r"\s*#checkov:skip=CKV\w+:\S+( \S+){3,}", line):
                wrong.append(f"{file.relative_to(root)}:{number}: {line.strip()}: say why")
for line in wrong:
    print(f"error: {line}", file=sys.stderr)
print(f"{found} skips, {len(wrong)} without a reason")
sys.exit(bool(wrong))
