"""Finds the commands in the documentation: shell fences, and whole commands within a sentence."""

import re
import shlex
import subprocess
from dataclasses import dataclass

FENCE = re.compile(r"^( *)```(\w*)\s*$")
# Words before a command that are not one.
KEYWORDS = {"do", "then", "else", "if", "while", "!", "{", "(", "time"}
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Statement:
    """What somebody types at once. `inline`: it stands within a sentence."""

    page: str
    line: int
    text: str
    inline: bool = False

    def __str__(self):
        first, *more = self.text.splitlines()
        return f"{self.page}:{self.line}: {first}{' …' if more else ''}"

    def programs(self):
        """The argument lists in it: of pipes, lists, loops and `$(…)`. What stands in double quotes is one word."""
        text = re.sub(r"\$\(\([^)]*\)\)", "0", self.text.replace("\\\n", " "))
        lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&()<>\n")
        lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, "#"
        found, words = [], []
        for word in [*lexer, ";"]:
            if word and not word.strip("|;&()<>\n"):
                if words:
                    found.append(words)
                words = []
            else:
                words.append(word)
        return [stripped for words in found if (stripped := strip(words))]

    def assigned(self):
        """What it sets, as (name, value); values of `$(…)` are nobody's to know here."""
        return re.findall(r"(?m)(?:^|export | )([A-Za-z_]\w*)=([^\s;$'\"][^\s;'\"]*|\"[^\"$(]*\")", self.text) if is_setting(self.text) else []


def is_setting(text):
    return re.match(r"(export )?[A-Za-z_]\w*=", text) is not None


def strip(words):
    """Without what stands before a program. Heads of loops and patterns of `case` are none."""
    while words and (words[0] in KEYWORDS or ASSIGNMENT.match(words[0])):
        words = words[1:]
    if not words or words[0] in ("for", "case", "done", "esac", "fi", "in", "export", "}", "$") or words[0].endswith("*"):
        return []
    return words


def is_whole(text):
    """Whether the shell waits for nothing more."""
    if text.endswith("\\"):
        return False
    return subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False).returncode == 0


def statements(root, path, text=None):
    """Every command of a page, in order: those of fences, then those of sentences."""
    page, text = str(path.relative_to(root)), path.read_text() if text is None else text
    inside, indent, held, began = None, 0, "", 0
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if fence and inside is None:
            inside, indent = fence[2], len(fence[1])
        elif fence:
            if held:
                yield Statement(page, began, held)
            inside, held = None, ""
        elif inside == "sh":
            line = line[indent:]
            if not held and (not line.strip() or line.startswith("#")):
                continue
            held, began = (f"{held}\n{line}", began) if held else (line, number)
            if is_whole(held):
                yield Statement(page, began, held)
                held = ""
    # A sentence may break a command over two lines; what names only a program and a subcommand is a mention.
    prose = re.sub(r"(?ms)^ *```.*?^ *```", lambda fence: re.sub(r"[^\n]", " ", fence[0]), text)
    for found in re.finditer(r"`((?:aispend|gcloud|terraform|docker|bash|cargo|sudo|systemctl|journalctl|bq) [^`]*)`", prose):
        command = re.sub(r"\s+", " ", found[1])
        if command.count(" ") > 1 and not re.search(r"[\[|]", command):
            yield Statement(page, prose.count("\n", 0, found.start()) + 1, command, inline=True)
