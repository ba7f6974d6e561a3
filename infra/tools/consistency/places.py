"""Everything is in the United States: each resource that is somewhere says so, and a new kind has to be put on one list."""

import re

from .terraform import REGION, hcl

PLACED = {
    "google_artifact_registry_repository": "location",
    "google_bigquery_dataset": "location",
    "google_cloud_run_v2_job": "location",
    "google_cloud_run_v2_service": "location",
    "google_cloud_run_v2_worker_pool": "location",
    "google_cloud_scheduler_job": "region",
    "google_compute_disk": "zone",
    "google_compute_instance": "zone",
    "google_compute_router": "region",
    "google_compute_router_nat": "region",
    "google_compute_subnetwork": "region",
    "google_logging_project_bucket_config": "location",
    "google_monitoring_uptime_check_config": "selected_regions",
    "google_pubsub_topic": "message_storage_policy.allowed_persistence_regions",
    "google_secret_manager_secret": "replication.user_managed.replicas.location",
    "google_service_directory_namespace": "location",
    "google_storage_bucket": "location",
}
# They hold no data, or lie in one that is placed above.
UNPLACED = {
    "google_bigquery_table", "google_billing_budget", "google_compute_firewall", "google_compute_network",
    "google_logging_metric", "google_logging_project_sink", "google_monitoring_alert_policy", "google_monitoring_dashboard",
    "google_monitoring_notification_channel", "google_project_iam_audit_config", "google_project_service",
    "google_pubsub_schema", "google_pubsub_subscription", "google_service_account", "google_service_directory_endpoint",
    "google_service_directory_service",
}  # fmt: skip
AMERICAN = re.compile(r"US|us-[a-z]+\d+(-[a-z])?|USA(_[A-Z]+)?")


def places(modules, _code):
    for where, module in modules.items():
        if where == "examples":
            continue
        expressions = {}
        for kind, name, body in module.resources():
            if kind in UNPLACED or "_iam_" in kind:
                continue
            if kind not in PLACED:
                yield f"places: {kind} is on neither list of infra/tools/consistency/places.py"
                continue
            value = body
            for part in PLACED[kind].split("."):
                value = value[0] if isinstance(value, list) else value
                value = value.get(part) if isinstance(value, dict) else None
            if value is None:
                yield f"places: {kind}.{name} does not say where it is"
                continue
            expressions[f"{kind}.{name}"] = hcl(value)
            if kind == "google_pubsub_topic" and not body["message_storage_policy"][0].get("enforce_in_transit"):
                yield f"places: {kind}.{name} may pass through other countries"
            if kind == "google_secret_manager_secret" and "auto" in body["replication"][0]:
                yield f"places: {kind}.{name} is copied anywhere"
        found = module.evaluate(expressions, {"region": REGION}) if expressions else {}
        for its, value in found.items():
            for place in value if isinstance(value, list) else [value]:
                if not AMERICAN.fullmatch(str(place)):
                    yield f"places: {its} is in {place}"
    sink = modules["project"].resource("google_logging_project_sink", "default")
    if sink["name"] != '"_Default"' or "google_logging_project_bucket_config.logs" not in sink["destination"]:
        yield "places: logs do not go to the bucket in the region"
    # A region elsewhere is refused before anything is made.
    rule = next(text for text in re.findall(r'variable "region" \{.*?\n\}', modules[""].text, re.S))
    pattern = re.search(r'can\(regex\("([^"]+)", var\.region\)\)', rule)
    if not pattern or re.search(pattern.group(1), "europe-west1") or not re.search(pattern.group(1), REGION):
        yield "places: any region is taken"
    for name, values in modules["examples"].items():
        if not AMERICAN.fullmatch(values.get("region", REGION)):
            yield f"places: the example {name} is in {values['region']}"
