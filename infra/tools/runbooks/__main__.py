"""Holds every command of the documentation to what is there: `python3 runbooks [--binaries FOLDER] [--run] [PAGE…]`.

Without `--run` nothing is done: gcloud, terraform and our own programs only read what would be typed. With it, the commands of
docs/runbooks are run on emulators and simulated vendors. Exit 0: all hold, 1: some do not."""

import argparse
import functools
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runbooks import parsing, table, world  # noqa: E402
from runbooks.reading import statements  # noqa: E402


def pages(wanted):
    # One world for all: what dead-letters.md sends on and drops, nobody after it finds.
    every = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"), key=lambda page: (page.name == "dead-letters.md", page))]
    kept = [page for page in every if not wanted or any(part in str(page) for part in wanted)]
    # A decision says what was thought of, the changelog what was.
    return [page for page in kept if page.parent.name != "decisions" and page.name != "changelog.md"]


def filled(found):
    """Statements and the argument lists in them, with what the page has set before."""
    page, known = None, {}
    for statement in found:
        if statement.page != page:
            page, known = statement.page, {name[1:]: value for name, value in table.PLACEHOLDERS.items() if name.startswith("$")}
        put = functools.partial(re.sub, r"\$(\w+)", lambda name: known.get(name[1], name[0]))
        yield statement, [[put(word) for word in words] for words in statement.programs()]
        known |= {name: put(value) for name, value in statement.assigned()}


def judged(statement, lists, binaries):
    """(verdict, what is said): "read", "later", "elsewhere", "unseen" or "wrong"."""
    outside = table.elsewhere(statement.text)
    if outside:
        return "elsewhere", outside
    unseen = None
    for words in lists:
        if words[0].rsplit("/", 1)[-1] in table.PARSED:
            try:
                wrong = parsing.check(words, statement.inline, ROOT, binaries)
            except parsing.Later as later:
                unseen = unseen or f"later: {later}"
                continue
            except parsing.NotHere as missing:
                unseen = str(missing)
                continue
            if wrong:
                return "wrong", wrong
        elif words[0] not in table.CARRIERS and not words[0].startswith("$") and not table.elsewhere(" ".join(words)):
            return "wrong", f"{words[0]} is on no list of infra/tools/runbooks/table.py"
    if unseen:
        return ("later", unseen[7:]) if unseen.startswith("later: ") else ("unseen", unseen)
    return "read", ""


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--binaries", type=Path, help="where aispend, the stages, emulators and simulator are")
    options.add_argument("--run", action="store_true", help="run docs/runbooks as well")
    options.add_argument("pages", nargs="*", help="only pages whose path has this in it")
    options = options.parse_args()
    if options.run and not options.binaries:
        options.error("--run needs --binaries")
    if options.binaries:
        options.binaries = options.binaries.resolve()
    if options.run and not world.is_here():
        return world.enter(options.binaries, sys.argv)

    found = [statement for page in pages(options.pages) for statement in statements(ROOT, page)]
    if not found:
        print("error: no command was found", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(4) as several:
        verdicts = list(several.map(lambda pair: judged(*pair, options.binaries), filled(found)))
    counts = {"read": 0, "ran": 0, "later": 0, "elsewhere": 0, "unseen": 0, "wrong": 0}
    for statement, (verdict, said) in zip(found, verdicts):
        counts[verdict] += 1
        print(f"{verdict:9} {statement}{f'  ({said})' if said else ''}", file=sys.stderr)
    if options.run and not counts["wrong"]:
        for statement, wrong in world.run(ROOT, options.binaries, found, verdicts):
            counts["wrong" if wrong else "ran"] += 1
            print(f"{'wrong' if wrong else 'ran':9} {statement}{f'  ({wrong})' if wrong else ''}", file=sys.stderr, flush=True)
    if counts["unseen"]:
        print(f"SKIPPED: {counts['unseen']} commands: {next(said for verdict, said in verdicts if verdict == 'unseen')}")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    passed = counts["read"] + counts["ran"]
    if options.run:
        print(f"infra: {passed} passed, {counts['wrong']} failed, {counts['unseen']} skipped")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
