"""The checks. Each yields what is wrong: which side says what, and where."""

import base64
import json
import re

from . import protobuf

from .code import STAGES
from .terraform import REGION, hcl

MEMBERS = {name: f"serviceAccount:{name}" for name in [*STAGES, "migrator", "pusher", "dashboards", "metabase"]}
URLS = {stage: f"https://{stage}" for stage in STAGES}
EMAILS = {name: f"{name}@example.com" for name in MEMBERS}


def same(where, terraform, code):
    if terraform != code:
        yield f"{where}: Terraform has {terraform!r}, the code {code!r}"


def bus_variables(code, push_endpoints):
    return {
        "project": "p", "number": "1", "members": MEMBERS, "operators": [], "schemas": True, "push_endpoints": push_endpoints, "pusher": "pusher",
        "messages": code.messages(),
    }  # fmt: skip


def bus(modules, code):
    """Topics, subscriptions, dead letters, attempts, backoff, push."""
    module = modules["bus"]
    variables = bus_variables(code, URLS)
    delivery = code.delivery()
    topics = module.each(module.resource("google_pubsub_topic", "topic"), "name", variables=variables)
    dead = module.each(module.resource("google_pubsub_topic", "dead"), "name", variables=variables)
    own = module.resource("google_pubsub_subscription", "stage")
    attributes = [
        "name", "ack_deadline_seconds", "message_retention_duration", "expiration_policy.ttl",
        "retry_policy.minimum_backoff", "retry_policy.maximum_backoff", "dead_letter_policy.max_delivery_attempts",
    ]  # fmt: skip
    subscriptions = module.each(own, *attributes, variables=variables)
    aside = module.resource("google_pubsub_subscription", "dead")
    dead_subscriptions = module.each(aside, *attributes[:4], variables=variables)
    yield from same("bus: stages", sorted(topics), sorted(code.stages().values()))
    for variant, stage in code.stages().items():
        if stage not in topics:
            continue
        topic, subscription, set_aside = code.names(variant)
        yield from same(f"bus: topic of {stage}", topics[stage]["name"], topic)
        yield from same(f"bus: dead-letter topic of {stage}", dead[stage]["name"], set_aside)
        wanted = [
            subscription, delivery["ack"], f"{delivery['retention']}s", "", f"{delivery['min']}s", f"{delivery['max']}s",
            code.attempts()[variant],
        ]  # fmt: skip
        for attribute, value in zip(attributes, wanted):
            yield from same(f"bus: {attribute} of {stage}'s subscription", subscriptions[stage][attribute], value)
        wanted = [set_aside, delivery["dead_ack"], f"{delivery['retention']}s", ""]
        for attribute, value in zip(attributes, wanted):
            yield from same(f"bus: {attribute} of {stage}'s dead letters", dead_subscriptions[stage][attribute], value)
    yield from same("bus: a subscription's topic", own["topic"], "${google_pubsub_topic.topic[each.key].id}")
    yield from same("bus: a dead letter's subscription", aside["topic"], "${google_pubsub_topic.dead[each.key].id}")
    policy = own["dead_letter_policy"][0]["dead_letter_topic"]
    yield from same("bus: where dead letters go", policy, "${google_pubsub_topic.dead[each.key].id}")
    push = own["dynamic"][0]['"push_config"']["content"][0]
    yield from same("bus: push path", push["push_endpoint"], f'"${{push_config.value}}{code.push_path()}"')
    yield from same("bus: push audience", push["oidc_token"][0]["audience"], "${push_config.value}")


def schema(modules, code):
    """What Pub/Sub holds messages to: every field of the code's messages in one type, for the topics that take nothing else."""
    module = modules["bus"]
    made = module.evaluate({"schema": "local.schema", "typed": "local.typed"}, bus_variables(code, {}))
    try:
        ours, of_topics = protobuf.messages(code.messages()), protobuf.messages(made["schema"])
    except protobuf.Refused as error:
        yield f"schema: {error}"
        return
    outer = sorted({name.split(".")[0] for name in of_topics})
    yield from same("schema: types beside one another", outer, ["Envelope"])
    moved = {name if name == "Envelope" else f"Envelope.{name}": fields for name, fields in ours.items()}
    for name in sorted(set(moved) | set(of_topics)):
        yield from same(f"schema: fields of {name}", of_topics.get(name), moved.get(name))
    stages = code.stages()
    typed = sorted(stages[variant] for variant in code.typed())
    yield from same("schema: stages that also take JSON", sorted(made["typed"]), typed)
    topic = module.resource("google_pubsub_topic", "topic")
    settings = topic["dynamic"][0]['"schema_settings"']
    wanted = "${contains(local.typed, each.key) ? [] : google_pubsub_schema.envelope[*].id}"
    yield from same("schema: topics that have it", settings["for_each"], wanted)
    yield from same("schema: encoding", settings["content"][0]["encoding"], '"BINARY"')


def grants(modules, code):
    """Who may do what."""
    module = modules["bus"]
    variables = bus_variables(code, {})
    publishers = module.resource("google_pubsub_topic_iam_member", "stage")
    found = module.each(publishers, "member", "role", variables=variables)
    for stage in STAGES:
        topics = {key.split(":")[1] for key in found if found[key]["member"] == MEMBERS[stage]}
        yield from same(f"grants: topics that {stage} publishes to", sorted(topics), sorted(code.publishes(stage)))
    roles = {
        ("google_pubsub_topic_iam_member", "stage"): "roles/pubsub.publisher",
        ("google_pubsub_topic_iam_member", "dead"): "roles/pubsub.publisher",
        ("google_pubsub_subscription_iam_member", "stage"): "roles/pubsub.subscriber",
        ("google_pubsub_subscription_iam_member", "drain"): "roles/pubsub.subscriber",
        ("google_pubsub_subscription_iam_member", "dead"): "roles/pubsub.subscriber",
    }
    for (kind, name), role in roles.items():
        body = module.resource(kind, name)
        yield from same(f"grants: role of {kind}.{name}", body["role"], f'"{role}"')
        if name in ("dead", "drain"):
            whose = "${local.agent}" if name == "dead" else '${var.members["alerter"]}'
            yield from same(f"grants: member of {kind}.{name}", body["member"], whose)
    yield from same("grants: who drains dead letters", ["alerter"], [stage for stage in STAGES if code.drains(stage)])

    module = modules["warehouse"]
    variables = {"project": "p", "dataset": "d", "members": MEMBERS, "operators": [], "usage_retention_days": 800}
    made = module.evaluate({"readers": "keys(local.readers)", "writers": "keys(local.writers)"}, variables)
    for stage in STAGES:
        granted = "writes" if stage in made["writers"] else "reads" if stage in made["readers"] else None
        yield from same(f"grants: what {stage} does with the warehouse", granted, code.warehouse(stage))
    for name, role in {"reader": "dataViewer", "writer": "dataEditor"}.items():
        body = module.resource("google_bigquery_dataset_iam_member", name)
        yield from same(f"grants: role of the warehouse's {name}", body["role"], f'"roles/bigquery.{role}"')

    module = modules["archive"]
    variables = {"name": "b", "members": MEMBERS, "operators": [], "raw_retention_days": 1}
    made = module.evaluate({"beside": "local.beside_raw", "writers": "keys(local.writers)"}, variables)
    whole = [stage for stage in STAGES if stage not in made["writers"]]
    yield from same("grants: who writes vendors' answers", whole, [stage for stage in STAGES if code.writes_raw(stage)])
    wanted = f'!resource.name.startsWith("projects/_/buckets/b/objects/{code.raw_folder()}")'
    yield from same("grants: what others do not write", made["beside"], wanted)

    narrow = {
        "roles/bigquery.jobUser", "roles/logging.logWriter", "roles/monitoring.metricWriter",
        "roles/servicedirectory.viewer", "roles/servicedirectory.pscAuthorizedService",
        # People who are on call.
        "roles/logging.viewer", "roles/logging.viewAccessor", "roles/monitoring.viewer", "roles/run.viewer", "roles/cloudscheduler.viewer",
    }  # fmt: skip
    for name, module in modules.items():
        for kind, its, body in module.resources() if name != "examples" else ():
            if kind == "google_project_iam_member":
                for role in re.findall(r"roles/[\w.]+", f"{body['role']} {body.get('for_each', '')}"):
                    if role not in narrow:
                        yield f"grants: {name}.{its} gives {role} on the whole project"
            if kind == "google_secret_manager_secret_version":
                yield f"grants: {name}.{its} would put a secret's value into Terraform's state"


def environment(modules, code):
    """Variables of the stages, in either mode, with the secrets of every example."""
    declared, mode = code.declared(), code.mode_variable()
    module = modules["workers"]
    secrets = modules[""].evaluate({"it": "var.secrets"}, {"project": "p"})["it"]
    every = [secrets, *(example.get("secrets", {}) for example in modules["examples"].values())]
    for secret, its in [pair for one in every for pair in one.items()]:
        name, kind, _ = declared.get(its["variable"], (None, None, None))
        if kind != "Secret":
            yield f"environment: {its['variable']} of the secret {secret} is no secret setting of the code"
        elif not any(name.startswith(prefix) for prefix in code.reads(its["stage"])):
            yield f"environment: {its['stage']} does not read {its['variable']}"
        secrets = {**secrets, secret: its}
    settings = {}
    for example in modules["examples"].values():
        settings |= example.get("settings", {})
    for stage, its in settings.items():
        for variable in its:
            if declared.get(variable, (None, None))[1] == "Secret":
                yield f"environment: {variable} of {stage} is a secret, and would be in Terraform's state"
    variables = {
        "project": "p", "region": REGION, "image": "i@sha256:" + "0" * 64, "bucket": "b", "dataset": "d", "emails": EMAILS,
        "settings": settings, "secrets": secrets, "urls": URLS, "sizes": {},
    }  # fmt: skip
    needed = {"GOOGLE_CLOUD_PROJECT", "AISPEND_BUCKET", "AISPEND_DATASET", "AISPEND_LOCATION", mode}
    pushed = {"AISPEND_PUSH_AUDIENCE", "AISPEND_PUSH_SERVICE_ACCOUNT"}
    for how in ("push", "pull"):
        pull = STAGES if how == "pull" else []
        found = module.evaluate({"it": "local.env"}, {**variables, "pull": pull})["it"]
        for stage in STAGES:
            its = found.get(stage, {})
            for variable in sorted((needed | (pushed if how == "push" else set())) - set(its)):
                yield f"environment: {stage} lacks {variable} in mode {how}"
            for variable in sorted(set(its) - {mode}):
                name = declared.get(variable, (None,))[0]
                if name is None:
                    yield f"environment: {stage} has {variable}, which the code does not declare"
                elif not any(name.startswith(prefix) for prefix in code.reads(stage)):
                    yield f"environment: {stage} has {variable}, which it does not read"
            yield from same(f"environment: mode of {stage}", its.get(mode), how)
    text = modules["workers"].text + modules["dashboards"].text + modules[""].text
    for variable in set(re.findall(r"\b((?:AISPEND|GOOGLE|ANTHROPIC|CURSOR)_[A-Z_]+)\s*=", text)) - set(declared) - {mode}:
        yield f"environment: Terraform names {variable}, which the code does not declare"
    location = code.declared()["AISPEND_LOCATION"][2]
    dataset = modules["warehouse"].resource("google_bigquery_dataset", "warehouse")["location"]
    yield from same("environment: where the dataset is", dataset, f'"{location}"')


def containers(modules, code):
    """Binaries, probes, ports, subcommands."""
    binaries, routes = code.binaries(), code.routes()
    port = int(code.declared()["PORT"][2])
    accounts = modules["project"].evaluate({"it": "keys(local.accounts)"}, {
        "project": "p", "number": "1", "region": REGION, "log_retention_days": 1, "billing_account": "",
        "monthly_budget_usd": 1, "notify": [], "operators": [],
    })["it"]  # fmt: skip
    yield from same("containers: stages with an account of their own", [s for s in STAGES if s in accounts], STAGES)
    image = (code.root / "infra/Dockerfile").read_text()
    for name in binaries:
        if not re.search(rf"\b{name}\b", image):
            yield f"containers: the image has no {name}"
    for words in re.findall(r"(?m)^COPY (?!--from)(.*)$", image):
        for source in words.split()[:-1]:
            if not (code.root / source).exists():
                yield f"containers: the image copies {source}, which is not there"
    for name in ("workers", "dashboards"):
        for kind, its, body in modules[name].resources():
            text = json.dumps(body)
            for command in re.findall(r"/app/([\w-]+)", text.replace("/app/${each.key}", "")):
                if command not in binaries:
                    yield f"containers: {kind}.{its} starts {command}, which no crate builds"
            for path in re.findall(r'"path": "\\"(/\w+)\\""', text):
                if path not in routes:
                    yield f"containers: {kind}.{its} probes {path}, which no worker answers"
            for number in re.findall(r'"(?:container_)?port": (\d+)', text):
                yield from same(f"containers: port of {kind}.{its}", int(number), port)
    stages = modules["workers"].evaluate({"it": "keys(local.stages)"}, {
        "project": "p", "region": REGION, "image": "i@sha256:0", "pull": [], "bucket": "b", "dataset": "d",
        "emails": EMAILS, "settings": {}, "secrets": {}, "urls": URLS, "sizes": {},
    })["it"]  # fmt: skip
    yield from same("containers: stages that run", sorted(stages), sorted(code.stages().values()))
    compose = (code.root / "infra/compose.yaml").read_text()
    for command in re.findall(r"/app/([\w-]+)", compose):
        if command not in binaries:
            yield f"containers: compose.yaml starts {command}, which no crate builds"
    for variable in re.findall(r"(?m)^ +([A-Z][A-Z_]+): ", compose):
        if variable not in code.declared():
            yield f"containers: compose.yaml sets {variable}, which the code does not declare"
    packed = re.search(r"binaries=\(([^)]*)\)", (code.root / "infra/release.sh").read_text())
    yield from same("containers: binaries of a release", sorted(packed.group(1).split() if packed else []), sorted(binaries))
    commands = code.text("workers/local/src/cli.rs")
    for command in ("Migrate", "Serve"):
        if f"    {command}(" not in commands:
            yield f"containers: aispend has no command {command.lower()}"


def tables(modules, code):
    """Terraform's tables, column by column."""
    folder = code.root / "infra/warehouse/tables"
    found = modules["warehouse/tables"].evaluate({"it": "local.tables"}, {"folder": str(folder.resolve())})["it"]
    wanted = code.tables()
    yield from same("tables: which", sorted(found), sorted(wanted))
    for name in sorted(set(found) & set(wanted)):
        columns = [(c["name"], c["type"], c["mode"], c.get("description", "")) for c in found[name]["columns"]]
        for had, should in zip(columns, wanted[name][0]):
            yield from same(f"tables: {name}.{should[0]}", had, should)
        yield from same(f"tables: columns of {name}", len(columns), len(wanted[name][0]))
        yield from same(f"tables: layout of {name}", (found[name]["partition"], found[name]["cluster"]), wanted[name][1:])
        if not found[name]["description"]:
            yield f"tables: {name} has no description"
    variables = {"project": "p", "dataset": "d", "members": MEMBERS, "operators": [], "usage_retention_days": 800}
    for name in modules["warehouse"].evaluate({"it": "local.usage_tables"}, variables)["it"]:
        if name not in wanted or wanted[name][1] is None:
            yield f"tables: {name} is to forget old days, and is no table with days"


def messages(modules, code):
    """What the scheduler sends, and the log lines that metrics count."""
    plain = re.sub(r"(?m)^\s*//.*$", "", code.text("shared/stage/src/plain.rs"))
    schedule = modules["schedule"]
    variables = {"region": REGION, "topics": {t: t for t in code.topics().values()}, "reminder": "r", "is_paused": False}
    for name, key, struct in [("daily", "trigger", "PlainRequest"), ("alerts", "check", "PlainCheck")]:
        body = schedule.resource("google_cloud_scheduler_job", name)
        made = schedule.each(body, "pubsub_target.data", "pubsub_target.topic_name", variables=variables)[""]
        sent = json.loads(base64.b64decode(made["pubsub_target.data"]))
        if key not in code.find("plain.rs", rf"struct {struct} \{{(.*?)\}}", plain).group(1):
            yield f"messages: {struct} has no {key}"
        if list(sent) != [key] or f'"{sent[key]}"' not in plain:
            yield f"messages: no stage understands {sent}"
    for kind, name, body in schedule.resources():
        if body["time_zone"] != '"America/Los_Angeles"':
            yield f"messages: {name} does not run by Los Angeles time"
    yield from same("messages: when the day begins", schedule.resource("google_cloud_scheduler_job", "daily")["schedule"], '"0 6 * * *"')
    source = "".join(code.sources(folder) for folder in ("shared/stage/src", "shared/worker/src", "workers/alerter/src"))
    metric = modules["monitoring"].resource("google_logging_metric", "stage")
    for line in sum(modules["monitoring"].evaluate({"it": hcl(metric["for_each"])}, None)["it"].values(), []):
        if f'"{line}"' not in source:
            yield f"messages: nobody logs \"{line}\""
    for label in re.findall(r"jsonPayload\.(\w+)", json.dumps(metric)):
        if label not in ("message", "stage"):
            yield f"messages: log lines have no field {label}"
    patience = modules["monitoring"].evaluate({"it": "local.patience"}, {"pull": []})["it"]
    yield from same("messages: stages whose lag is watched", sorted(patience), sorted(code.stages().values()))


ALL = [bus, schema, grants, environment, containers, tables, messages]
