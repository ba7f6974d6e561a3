"""What is not run as it is typed, and why. Everything else has to be run or checked: a program that is on no list fails."""

import re

# In the pages these stand for something; a reader puts in their own.
PLACEHOLDERS = {
    "$PROJECT": "example-ai-spend",
    "SHEET": "people", "FEED": "sheets/people", "ID": "ab", "DAY": "2026-11-20", "OLD_KEY_ID": "0a1b", "PROJECT": "example",
    "D": "2026-11-20", "a,b": "cursor/members", "N": "3",
}  # fmt: skip

# Programs whose commands are checked without being run, by parsing.py.
PARSED = {"aispend", "gcloud", "terraform", "cargo", "fetcher", "normalizer", "validator", "loader", "alerter", "simulator"}

# The shell's own, and what only carries text from one command to the next.
CARRIERS = {"printf", "read", "unset", "cd", "tr", "base64", "echo", "kill", "curl", "cat", "grep", "sed", "openssl"}

ELSEWHERE = [
    (r"(bash )?(backup|restore)\.sh\b", "run by infra/metabase/test.sh"),
    (r"docker (exec|ps|logs|start|stop)\b", "needs Metabase's machine; psql's part is run by infra/metabase/test.sh"),
    (r"docker (buildx|compose)\b", "needs a Docker daemon; check.sh builds the image where there is one"),
    (r"(sudo |systemctl|journalctl)", "needs Metabase's machine"),
    (r"shred ", "deletes a key file that is not there"),
    (r"(infra/|\$\(|git |cp |mv |npm |AISPEND_WEB_URL|zstd )", "is about the checkout, or another program's own"),
]


def elsewhere(text):
    return next((why for pattern, why in ELSEWHERE if re.match(pattern, text)), None)


def is_told(code, said, complained=""):
    """Whether a command ended as its page says. The simulated company's sheet has a row without a key: a run that reads sheets ends
    with 1 for it, as with every rejected row, and for nothing else. A check of the alerts ends with 1 where an incident opens."""
    if code == 1 and re.search(r"(?m)^(opened|would open) ", said):
        return not re.search(r"(?m)^failed ", complained)
    if code == 1:
        return "1 records were rejected" in said and not re.search(r"(?m)^\S+ (failed|parked|not read)", said)
    return code == 0
