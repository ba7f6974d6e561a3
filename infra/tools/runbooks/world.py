"""Runs the runbooks: the five stages on Google's emulators, simulated vendors, and messages that are really set aside."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path

from . import table

STAGES = ["alerter", "loader", "validator", "normalizer", "fetcher"]
# The day on which the pages' examples were written is today; what they call the day before was yesterday.
WRITTEN = date(2026, 11, 22)
KEYS = {"anthropic-admin-key": "ANTHROPIC_ADMIN_KEY", "cursor-admin-key": "CURSOR_ADMIN_KEY"}
# BigQuery's emulator takes minutes to make every view.
PATIENCE = 1800

# gcloud: Pub/Sub and Secret Manager answer here. The rest was only read.
GCLOUD = """#!/usr/bin/env bash
case "$1 $2" in
"pubsub "*) exec "$REAL_GCLOUD" "$@" ;;
"secrets versions") [ "$3" != add ] || exec curl -sS --fail -X PUT --data-binary @- "http://$SECRET_MANAGER_EMULATOR_HOST/v1/projects/$GOOGLE_CLOUD_PROJECT/secrets/$4" ;;
esac
"""


def is_here():
    return "AISPEND_EMULATORS" in os.environ


def enter(binaries, arguments):
    """The same once more, among the emulators."""
    command = [str(binaries / "emulators"), "exec", sys.executable, *arguments]
    return subprocess.run(command, check=False).returncode


def shifted(text):
    """Days of the pages as days of this week, so that a page does not grow old."""
    by = date.today() - WRITTEN
    return re.sub(r"\b2026-11-\d\d\b", lambda day: str(date.fromisoformat(day[0]) + by), text)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class World:
    """Where the runbooks are true."""

    def __init__(self, root, binaries, folder):
        self.binaries, self.folder, self.root, self.ports = binaries, Path(folder), root, {}
        self.processes, self.letters, self.began = [], {}, time.monotonic()
        shims = self.folder / "shims"
        shims.mkdir()
        (shims / "gcloud").write_text(GCLOUD)
        (shims / "gcloud").chmod(0o755)
        (self.folder / "gcloud").mkdir()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDSDK_")} | {
            "REAL_GCLOUD": shutil.which("gcloud") or "false",
            "PATH": f"{shims}:{binaries}:{os.environ['PATH']}", "AISPEND_ENGINE": "gcp", "AISPEND_BUCKET": "aispend-demo",
 "CLOUDSDK_CONFIG": str(self.folder / "gcloud"),
            "CLOUDSDK_CORE_PROJECT": os.environ["GOOGLE_CLOUD_PROJECT"], "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"http://{os.environ['PUBSUB_EMULATOR_HOST']}/",
            # The vendors' limits would only make it slow.
            "AISPEND_START_DATE": shifted("2026-11-20"), "AISPEND_CURSOR_REQUESTS_PER_MINUTE": "6000",
            "AISPEND_CURSOR_EVENT_REQUESTS_PER_MINUTE": "6000",
        }  # fmt: skip

    def start(self, *command, env=None):
        name = Path(command[0]).name
        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(command, env=env or self.env, stdout=out, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)
        self.processes.append(process)
        return process

    def wait(self, what, is_so, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                if found := is_so():
                    return found
            time.sleep(0.5)
        raise RuntimeError(f"{what} did not happen within {seconds} s")

    def pubsub(self, method, path, body):
        address = f"http://{self.env['PUBSUB_EMULATOR_HOST']}/v1/projects/{self.env['GOOGLE_CLOUD_PROJECT']}/{path}"
        asked = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def topic(self, name):
        return f"projects/{self.env['GOOGLE_CLOUD_PROJECT']}/topics/{name}"

    def secret(self, name, value):
        address = f"http://{self.env['SECRET_MANAGER_EMULATOR_HOST']}/v1/projects/{self.env['GOOGLE_CLOUD_PROJECT']}/secrets/{name}"
        urllib.request.urlopen(urllib.request.Request(address, value.encode(), method="PUT"), timeout=60).close()

    def aispend(self, *arguments):
        done = subprocess.run([self.binaries / "aispend", *arguments], env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=self.folder)
        if done.returncode:
            raise RuntimeError(f"aispend {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout

    def tell(self, what):
        print(f"{time.monotonic() - self.began:4.0f} s: {what}", file=sys.stderr, flush=True)

    def begin(self):
        """Vendors, stages, a first reading, and a message of each kind that can be set aside."""
        days = ["--from", shifted("2026-11-08"), "--to", shifted("2026-11-21")]
        credentials = self.folder / "sheets-key.json"
        self.start(str(self.binaries / "simulator"), "--people", "6", *days, "--google-credentials", str(credentials))
        said = self.folder / "simulator.out"
        self.wait("the simulator", lambda: "GOOGLE_APPLICATION_CREDENTIALS" in said.read_text())
        vendors = dict(re.findall(r"(?m)^export (\w+)=(.*)$", said.read_text()))
        self.keys = {secret: vendors[variable] for secret, variable in KEYS.items()}
        for secret, value in self.keys.items():
            self.secret(secret, value)
            vendors[KEYS[secret]] = f"secret://{secret}"
        # Safe any number of times; on a busy machine one answer of the emulator may come too late.
        try:
            self.aispend("migrate", "--create-bus")
        except RuntimeError as late:
            self.tell(f"once more: {late}")
            self.aispend("migrate", "--create-bus")
        self.tell("the warehouse is there")
        self.pubsub("PUT", "topics/key-rotation", {})
        self.pubsub("PUT", "subscriptions/key-rotation", {"topic": self.topic("key-rotation")})
        self.pubsub("PUT", "subscriptions/kept", {"topic": self.topic("raw-slices")})
        for stage in STAGES:
            self.ports[stage] = free_port()
            self.start(str(self.binaries / stage), "--port", str(self.ports[stage]), env=self.env | (vendors if stage == "fetcher" else {}))
        for stage, port in self.ports.items():
            ready = f"http://127.0.0.1:{port}/readyz"
            self.wait(f"{stage} ready", lambda at=ready: urllib.request.urlopen(at, timeout=5).read().startswith(b"ready"))
        day = shifted("2026-11-18")
        self.aispend("run", "--from", day, "--to", day, "--feeds", "cursor/usage-events")
        self.tell("a first day is read")
        self.set_aside()
        self.tell("messages are set aside")

    def set_aside(self):
        """What Pub/Sub gives up on (a message of that reading), and what is no message of ours."""
        pulled = self.pubsub("POST", "subscriptions/kept:pull", {"maxMessages": 100}).get("receivedMessages", [])
        if not pulled:
            raise RuntimeError("the first reading sent nothing to the normalizer")
        message = {name: pulled[0]["message"][name] for name in ("data", "attributes") if name in pulled[0]["message"]}
        self.pubsub("POST", "topics/raw-slices.normalizer.dead:publish", {"messages": [message]})
        nothing = {"data": base64.b64encode(b"no message of ours").decode()}
        self.pubsub("POST", "topics/raw-slices:publish", {"messages": [nothing]})

        def both():
            listed = json.loads(self.aispend("dead-letters", "list", "--json"))
            found = {letter["reason"]: letter["id"] for letter in (listed if isinstance(listed, list) else listed["letters"])}
            return found if {"attempts_used_up", "unreadable"} <= set(found) else None

        self.letters = self.wait("both messages set aside", both, 300)

    def typed(self, text):
        """What a reader of the page would type here."""
        text = shifted(text).replace("127.0.0.1:8085", f"127.0.0.1:{self.ports['fetcher']}")
        text = re.sub(r"\b(5086|ID)\b", self.letters["attempts_used_up"][:8], text)
        text = re.sub(r"\b0c4e\b", self.letters["unreadable"][:8], text)
        return text.replace("--message=…", "--message='{\"trigger\":\"daily\"}'")

    def type(self, before, text):
        """Types it in a shell that has what the page set before. Gives what went wrong."""
        key = next((value for name, value in self.keys.items() if name in text), "made-up")
        script = "\n".join(["set -o pipefail", *before, self.typed(text)])
        done = subprocess.run(["bash", "-c", script], env=self.env, input=f"{key}\n", capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=self.folder)
        log = self.folder / "typed.log"
        with open(log, "a") as kept:
            kept.write(f"$ {self.typed(text)}\n{done.stdout}{done.stderr}[{done.returncode}]\n\n")
        # curl says nothing of what an answer means.
        refused = '"error"' in done.stdout and "curl" in text
        if refused or not table.is_told(done.returncode, done.stdout, done.stderr):
            return f"exit code {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}"
        return None

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def is_run(statement, verdict):
    """Only what reaches something that is here; what was read or is elsewhere stays so."""
    if verdict != "read" or "docs/runbooks/" not in statement.page:
        return False
    programs = {words[0] for words in statement.programs()}
    reached = re.search(r"gcloud (pubsub|secrets versions add)", statement.text) or "gcloud" not in programs
    return bool(reached and programs & {"aispend", "curl", "gcloud"} and "terraform" not in programs)


def run(root, binaries, found, verdicts):
    """(statement, what is wrong) of every command that can be run here."""
    folder = tempfile.mkdtemp(prefix="aispend-runbooks-")
    world = World(root, binaries, folder)
    print(f"what is typed and answered: {folder}/typed.log", file=sys.stderr, flush=True)
    # Whoever ends us ends what we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        world.begin()
        page, before, typed = None, [], set()
        for statement, (verdict, _) in zip(found, verdicts):
            if statement.page != page:
                page, before = statement.page, []
            if re.match(r"(export )?[A-Za-z_]\w*=\S*$", statement.text):
                before.append(statement.text)
            # A sentence that names what a fence above has typed repeats nothing.
            elif is_run(statement, verdict) and not (statement.inline and statement.text in typed):
                typed.add(statement.text)
                yield statement, world.type(before, statement.text)
    finally:
        world.end()
