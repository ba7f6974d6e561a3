"""Commands that are wrong in one place each have to be named, and what is right has to pass. Changes nothing."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runbooks.__main__ import filled, judged  # noqa: E402
from runbooks.reading import Statement, statements  # noqa: E402

# What somebody would type, and a word of what is said of it; None: it is right.
TYPED = [
    ("gcloud secrets versions disable 1 --secret=cursor-admin-key", None),
    ("gcloud secrets versions disable 1 --secrets=cursor-admin-key", "unrecognized"),
    ("gcloud secrets version disable 1 --secret=cursor-admin-key", "Invalid choice"),
    ("gcloud pubsub subscriptions pull key-rotations --auto-ack", "Terraform makes no key-rotations"),
    ("printf %s x | gcloud secrets versions add cursor-key --data-file=-", "Terraform makes no cursor-key"),
    ("for i in 1 2; do gcloud scheduler jobs run daily --locations=$REGION; done", "unrecognized"),
    ("terraform -chdir=infra/terraform output -raw registry", None),
    ("terraform -chdir=infra/terraform output -raw registries", "no output registries"),
    ("terraform init -backend-configs=bucket=b", "no -backend-configs"),
    ("terraform aply", "no aply"),
    ("frobnicate --now", "on no list"),
]
PAGE = """One `gcloud run services list` within
a sentence, `gcloud` and `aispend run` as mentions.

1. A fence in a list:

   ```sh
   # a comment
   for one in a \\
       b; do
     gcloud secrets versions list $one
   done
   gcloud projects list   # and why
   ```

```text
gcloud is not typed here
```
"""


def main():
    if not shutil.which("gcloud"):
        print("SKIPPED: commands of gcloud: there is no gcloud on the PATH")
        return 0
    wrong = []
    typed = [Statement("page", number, text) for number, (text, _) in enumerate(TYPED)]
    for (text, word), (statement, lists) in zip(TYPED, filled(typed)):
        verdict, said = judged(statement, lists, None)
        if (verdict, word) != ("read", None) and not (verdict == "wrong" and word and word in said):
            wrong.append(f"{text}: {verdict} {said}")
    page = ROOT / "page.md"
    read = [statement.text for statement in statements(ROOT, page, PAGE)]
    wanted = ["for one in a \\\n    b; do\n  gcloud secrets versions list $one\ndone", "gcloud projects list   # and why", "gcloud run services list"]
    if read != wanted:
        wrong.append(f"of a page was read {read}")
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    print(f"runbooks selftest: {len(TYPED) + 1 - len(wrong)} of {len(TYPED) + 1} hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
