"""What a rename leaves without protection: who comes in, what is deleted, which command a container runs."""

import base64
import json
import re

from .code import STAGES
from .terraform import REGION, hcl


def guards(modules, code):
    declared = code.declared()
    by_name = {name: variable for variable, (name, _, _) in declared.items()}
    # Variables that a container is given one by one.
    for module in ("workers", "dashboards"):
        for variable in re.findall(r'env \{\s*name\s*= "(\w+)"', modules[module].text):
            if variable not in declared:
                yield f"guards: {module} sets {variable}, which the code does not declare"
    dashboards = modules["dashboards"].resource("google_cloud_run_v2_service", "dashboards")
    if not dashboards.get("iap_enabled"):
        yield "guards: the dashboards are open: iap_enabled is not true"
    if by_name["serve.iap_audience"] not in modules["dashboards"].text:
        yield f"guards: the dashboards are not told {by_name['serve.iap_audience']}, and would take anybody's word"
    stage = modules["workers"].resource("google_cloud_run_v2_service", "stage")
    if stage.get("ingress") != '"INGRESS_TRAFFIC_INTERNAL_ONLY"':
        yield f"guards: the stages take calls from {stage.get('ingress')}"

    commands = [name.lower() for name in re.findall(r"(?m)^    ([A-Z]\w+)(?:\(\w+\)| \{|,)", code.text("workers/local/src/cli.rs"))]
    for module in ("workers", "dashboards"):
        for command in re.findall(r'args\s*= \["([\w-]+)"', modules[module].text):
            if command.replace("-", "") not in commands:
                yield f"guards: {module} runs `aispend {command}`, which is no command"

    # What the schedule says has to be said to those who understand it.
    topics = code.topics()
    variables = {"region": REGION, "topics": {name: name for name in topics.values()}, "reminder": "r", "is_paused": False}
    schedule = modules["schedule"]
    for name, variant in [("daily", "FetchRequests"), ("alerts", "SliceEvents")]:
        body = schedule.resource("google_cloud_scheduler_job", name)
        made = schedule.each(body, "pubsub_target.data", "pubsub_target.topic_name", variables=variables)[""]
        if made["pubsub_target.topic_name"] != topics[variant]:
            sent = json.loads(base64.b64decode(made["pubsub_target.data"]))
            yield f"guards: {sent} goes to {made['pubsub_target.topic_name']}, and {topics[variant]} understands it"

    reader = modules["secrets"].resource("google_secret_manager_secret_iam_member", "reader")
    if (reader["member"], reader["role"]) != ("${var.members[each.value.stage]}", '"roles/secretmanager.secretAccessor"'):
        yield f"guards: a secret is opened to {reader['member']} as {reader['role']}"

    # A folder that nobody writes any more is a rule that deletes nothing, or the wrong thing.
    written = code.sources("shared/adapters/storage/src") + "".join(code.sources(f"workers/{stage}/src") for stage in STAGES)
    for rule in modules["archive"].resource("google_storage_bucket", "archive")["lifecycle_rule"]:
        for folder in re.findall(r'"(\w+)/"', hcl(rule["condition"][0].get("matches_prefix", []))):
            if not re.search(rf'"{folder}/|&str = "{folder}"', written):
                yield f"guards: the archive forgets {folder}/, which nobody writes"
            if folder == "parked":
                yield "guards: the archive forgets parked messages, which wait for a person"
    warehouse = modules["warehouse"].resource("google_bigquery_dataset", "warehouse")
    if warehouse.get("delete_contents_on_destroy") is not False:
        yield "guards: the warehouse would go with its tables"
    dataset = modules[""].evaluate({"it": "var.dataset"}, {"project": "p"})["it"]
    if dataset != declared["AISPEND_DATASET"][2]:
        yield f"guards: Terraform's dataset is {dataset}, the code's {declared['AISPEND_DATASET'][2]}"
    known = {"oldest_unacked_message_age", "num_undelivered_messages", "dead_letter_message_count", "push_request_count"}
    for metric in set(re.findall(r"\$\{local\.pubsub\}/(\w+)", modules["monitoring"].text)) - known:
        yield f"guards: monitoring asks for {metric}, which is on no list of what Pub/Sub measures"
