"""What the code declares, read from its text. A shape that is not found is a failure: nothing is taken for granted."""

import re
from pathlib import Path

STAGES = ["fetcher", "normalizer", "validator", "loader", "alerter"]
UNIT = {"secs": 1, "mins": 60, "hours": 3600}


class Changed(Exception):
    """The code no longer looks as this reader knows it."""


class Code:
    """A checkout."""

    def __init__(self, root):
        self.root = Path(root)

    def text(self, path):
        file = self.root / path
        if not file.is_file():
            raise Changed(f"{path} is not there")
        # Tests name things that are not so.
        return file.read_text().split("#[cfg(test)]")[0]

    def find(self, path, pattern, text=None):
        found = re.search(pattern, text if text is not None else self.text(path), re.S)
        if not found:
            raise Changed(f"{path}: nothing there looks like {pattern}")
        return found

    def sources(self, folder):
        files = sorted((self.root / folder).glob("**/*.rs"))
        return "\n".join(self.text(file.relative_to(self.root)) for file in files if "tests" not in file.parts)

    def topics(self):
        """Topic name by variant."""
        body = self.find("shared/ports/src/bus.rs", r"fn as_str\(self\).*?\n    }").group()
        return dict(re.findall(r'Self::(\w+) => "([a-z-]+)"', body))

    def attempts(self):
        """Deliveries by variant."""
        body = self.find("shared/ports/src/bus.rs", r"fn max_attempts\(self\).*?\n    }").group()
        arms = re.findall(r"((?:Self::\w+(?: \| )?)+) => (\d+)", body)
        return {name: int(count) for names, count in arms for name in re.findall(r"Self::(\w+)", names)}

    def stages(self):
        """Stage by variant."""
        body = self.find("shared/adapters/pubsub/src/names.rs", r"fn stage\(.*?\n}").group()
        return dict(re.findall(r'Topic::(\w+) => "(\w+)"', body))

    def names(self, variant):
        """Topic, subscription, and where its dead letters go."""
        path = "shared/adapters/pubsub/src/names.rs"
        topic, stage = self.topics()[variant], self.stages()[variant]
        form = self.find(path, r'fn subscription\(.*?format!\("([^"]*)", topic\.as_str\(\), stage\(topic\)\)').group(1)
        subscription = form.replace("{}", topic, 1).replace("{}", stage, 1)
        dead = self.find(path, r'fn dead\(.*?format!\("([^"]*)", subscription\(topic\)\)').group(1)
        return topic, subscription, dead.replace("{}", subscription, 1)

    def messages(self):
        return self.text("proto/aispend/v1/messages.proto")

    def typed(self):
        """Variants of topics that plain JSON is read from."""
        body = self.find("shared/stage/src/plain.rs", r"let body = match topic \{.*?\n    \};").group()
        return re.findall(r"Topic::(\w+) => \w+\(data\),", body)

    def seconds(self, path, pattern):
        """A `Duration` that follows a pattern."""
        unit, amount = self.find(path, pattern + r"Duration::from_(secs|mins|hours)\(([\d *]+)\)").groups()
        product = 1
        for factor in amount.split("*"):
            product *= int(factor)
        return product * UNIT[unit]

    def delivery(self):
        path = "shared/adapters/pubsub/src/admin.rs"
        for known in [r"set_expiration_policy\(ExpirationPolicy::new\(\)\)", r"set_message_retention_duration\(span\(options.retention\)\)"]:
            self.find(path, known)
        return {
            "ack": self.seconds(path, r"            ack_deadline: "),
            "min": self.seconds(path, r"            backoff: Some\(\("),
            "max": self.seconds(path, r"            backoff: Some\(\(Duration::from_\w+\([\d *]+\), "),
            "retention": self.seconds(path, r"            retention: "),
            "dead_ack": self.seconds(path, r"None => options\.ack_deadline\.min\("),
        }

    def push_path(self):
        return self.find("shared/adapters/pubsub/src/push.rs", r'pub const PATH: &str = "([^"]+)"').group(1)

    def declared(self):
        """(name, kind, default) by variable."""
        text = self.text("shared/config/src/declared.rs")
        found = re.findall(r'setting\(\s*"([\w.]+)",\s*"(\w+)",\s*Kind::(\w+)(?:\([^)]*\))?,\s*"([^"]*)"', text)
        if len(found) != len(re.findall(r"^    setting\(", text, re.M)):
            raise Changed("shared/config/src/declared.rs: some settings cannot be read")
        return {variable: (name, kind, default) for name, variable, kind, default in found}

    def mode_variable(self):
        return self.find("shared/worker/src/arguments.rs", r'value_enum, env = "(\w+)"').group(1)

    def reads(self, stage):
        """Prefixes of the settings that a stage reads."""
        common = self.find("shared/worker/src/arguments.rs", r"SETTINGS_OF_ALL: &\[&str\] = &\[(.*?)\]").group(1)
        own = self.find(f"workers/{stage}/src/process.rs", r"SETTINGS: &\[&str\] = &\[(.*?)\]").group(1)
        return re.findall(r'"([^"]+)"', common + own)

    def publishes(self, stage):
        """Topics that a stage sends to. Every stage tells of what it parks."""
        text = re.sub(r"const INPUT: Topic = .*", "", self.sources(f"workers/{stage}/src"))
        topics = self.topics()
        return {topics[variant] for variant in re.findall(r"Topic::(\w+)", text) if variant in topics} | {"slice-events"}

    def warehouse(self, stage):
        """None, "reads" or "writes"."""
        if "world.warehouse(" not in self.text(f"workers/{stage}/src/process.rs"):
            return None
        text = re.sub(r"\s+", "", self.sources(f"workers/{stage}/src"))
        return "writes" if re.search(r"warehouse\.(load|record_run)\(", text) else "reads"

    def drains(self, stage):
        return "drain_dead_letters(" in self.text(f"workers/{stage}/src/process.rs")

    def writes_raw(self, stage):
        return ".put_document(" in self.sources(f"workers/{stage}/src")

    def raw_folder(self):
        return self.find("shared/adapters/storage/src/archive.rs", r'format!\("(\w+/)\{prefix\}').group(1)

    def routes(self):
        return re.findall(r'\.route\("(/\w*)"', self.text("shared/worker/src/server.rs"))

    def binaries(self):
        found = {}
        for file in sorted(self.root.glob("workers/*/Cargo.toml")):
            for name in re.findall(r'\[\[bin\]\]\nname = "([\w-]+)"', file.read_text()):
                found[name] = file.parent.name
        return found

    def tables(self):
        """Columns by table, from the files that the code embeds, read apart from how Terraform reads them."""
        listed = self.find("infra/warehouse/src/files.rs", r'TABLES: .*?embed!\["tables":(.*?)\];').group(1)
        types = {"{{numeric}}": "NUMERIC", "INT64": "INTEGER", "BOOL": "BOOLEAN"}
        made = {}
        for name in re.findall(r'"(\w+)"', listed):
            lines = self.text(f"infra/warehouse/tables/{name}.sql").splitlines()
            columns, partition, cluster = [], None, None
            for line in (line.strip() for line in lines):
                if line.startswith("{{partition_by "):
                    partition = line[15:].split("}}")[0]
                elif line.startswith("{{cluster_by "):
                    cluster = line[13:].split("}}")[0].split(", ")
                elif line and not line.startswith(("--", ")", "CREATE TABLE")):
                    code, _, about = line.partition(" -- ")
                    words = code.strip().rstrip(",").split(" ", 1)
                    kind, is_required = words[1].removesuffix(" NOT NULL"), words[1].endswith(" NOT NULL")
                    columns.append((words[0], types.get(kind, kind), "REQUIRED" if is_required else "NULLABLE", about.strip()))
            made[name] = (columns, partition, cluster)
        return made
