"""Breaks a copy of the checkout in one place after the other: each time the checks have to name it. Changes nothing here."""

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from consistency.__main__ import problems  # noqa: E402
from consistency.terraform import has_terraform  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
KEPT = ["LICENSE", "tests/emulators", "infra/Dockerfile", "infra/compose.yaml", "infra/release.sh", "infra/terraform", "infra/warehouse", "proto/aispend", "shared", "workers"]
BUS, WORKERS = "infra/terraform/modules/bus/main.tf", "infra/terraform/modules/workers/main.tf"
NAMES, ADMIN = "shared/adapters/pubsub/src/names.rs", "shared/adapters/pubsub/src/admin.rs"
DECLARED, TABLES = "shared/config/src/declared.rs", "infra/warehouse/tables"

# File, what stands there, what stands there afterwards, and a word of what the checks say.
BREAKS = [
    (BUS, 'topic = "raw-slices", attempts', 'topic = "raw-slice", attempts', "topic of normalizer"),
    ("shared/ports/src/bus.rs", '=> "valid-batches"', '=> "good-batches"', "topic of loader"),
    (BUS, "loader     = { topic", "writer     = { topic", "bus: stages"),
    (NAMES, '=> "alerter"', '=> "watcher"', "bus: stages"),
    (NAMES, 'format!("{}.{}", topic', 'format!("{}-{}", topic', "subscription"),
    (BUS, '.${each.key}.dead"\n  message', '.${each.key}.poison"\n  message', "dead-letter topic"),
    (NAMES, '"{}.dead"', '"{}.set-aside"', "dead-letter topic"),
    (BUS, "attempts = 100", "attempts = 5", "max_delivery_attempts"),
    ("shared/ports/src/bus.rs", "=> 100,", "=> 50,", "max_delivery_attempts"),
    (BUS, 'minimum_backoff = "10s"', 'minimum_backoff = "1s"', "minimum_backoff"),
    (ADMIN, "Duration::from_secs(10), Duration::from_mins(10)", "Duration::from_secs(10), Duration::from_mins(5)", "maximum_backoff"),
    (BUS, "ack_deadline_seconds       = 600", "ack_deadline_seconds       = 60", "ack_deadline_seconds"),
    (ADMIN, "from_hours(7 * 24)", "from_hours(3 * 24)", "message_retention_duration"),
    (BUS, 'ttl = ""', 'ttl = "86400s"', "expiration_policy"),
    ("shared/adapters/pubsub/src/push.rs", '"/push"', '"/pushed"', "push path"),
    (BUS, "dead_letter_topic     = google_pubsub_topic.dead[each.key].id", "dead_letter_topic     = google_pubsub_topic.topic[each.key].id", "where dead letters go"),
    (BUS, 'typed = ["fetcher", "alerter"]', 'typed = ["fetcher"]', "stages that also take JSON"),
    ("shared/stage/src/plain.rs", "Topic::SliceEvents => check(data),", "Topic::RawSlices => check(data),", "stages that also take JSON"),
    (BUS, 'encoding = "BINARY"', 'encoding = "JSON"', "schema: encoding"),
    (BUS, "${local.messages[1]}}", "}", "schema: protoc"),
    (BUS, "message Envelope {\\n$", "message Parcel {\\n$", "schema: types"),
    ("proto/aispend/v1/messages.proto", 'package aispend.v1;', 'package aispend.v1;\nmessage First {}', "schema: fields of Envelope.First"),
    (BUS, 'publishes = ["valid-batches", "slice-events"]', 'publishes = ["slice-events"]', "topics that validator publishes to"),
    ("workers/loader/src/lib.rs", "Topic::SliceEvents", "Topic::RawSlices", "topics that loader publishes to"),
    ("infra/terraform/modules/bus/grants.tf", 'role     = "roles/pubsub.publisher"\n  member   = local.agent', 'role     = "roles/pubsub.viewer"\n  member   = local.agent', "grants: role"),
    ("infra/terraform/modules/warehouse/main.tf", '["loader", "alerter", "migrator"]', '["loader", "migrator"]', "what alerter does with the warehouse"),
    ("workers/normalizer/src/process.rs", "Ok(Built::of(stage, world))", "world.warehouse(NAME); Ok(Built::of(stage, world))", "what normalizer does with the warehouse"),
    ("infra/terraform/modules/archive/main.tf", "/objects/raw/", "/objects/row/", "what others do not write"),
    ("infra/terraform/modules/metabase/main.tf", "roles/monitoring.metricWriter", "roles/editor", "on the whole project"),
    (WORKERS, "AISPEND_BUCKET       = var.bucket", "AISPEND_BUCKETS      = var.bucket", "AISPEND_BUCKETS"),
    (DECLARED, '"AISPEND_PUSH_AUDIENCE"', '"AISPEND_AUDIENCE"', "AISPEND_PUSH_AUDIENCE"),
    (DECLARED, '"CURSOR_ADMIN_KEY"', '"CURSOR_KEY"', "CURSOR_ADMIN_KEY"),
    ("infra/terraform/variables.tf", 'stage = "fetcher", variable = "CURSOR_ADMIN_KEY"', 'stage = "loader", variable = "CURSOR_ADMIN_KEY"', "loader"),
    ("shared/worker/src/arguments.rs", 'env = "AISPEND_MODE"', 'env = "AISPEND_HOW"', "AISPEND_HOW"),
    ("infra/terraform/examples/people-5000/terraform.tfvars", "AISPEND_SPREADSHEET_ID", "AISPEND_SHEET", "AISPEND_SHEET"),
    ("infra/terraform/examples/people-5000/terraform.tfvars", "AISPEND_SPREADSHEET_ID", "CURSOR_ADMIN_KEY", "is a secret"),
    ("infra/terraform/modules/project/main.tf", "    validator  =", "    judge      =", "account"),
    ("infra/terraform/modules/workers/push.tf", '"/readyz"', '"/ready"', "probes /ready"),
    ("shared/worker/src/server.rs", '"/healthz"', '"/alive"', "probes /healthz"),
    (WORKERS, "/app/aispend", "/app/aispends", "aispends"),
    ("workers/loader/Cargo.toml", 'name = "loader"', 'name = "writer"', "the image has no writer"),
    ("infra/Dockerfile", "COPY tests/emulators/requirements.txt", "COPY tests/emulators/needed.txt", "the image copies"),
    ("infra/compose.yaml", "AISPEND_PUSH_AUTH", "AISPEND_PUSH", "compose.yaml sets AISPEND_PUSH"),
    ("infra/release.sh", "validator loader", "loader", "binaries of a release"),
    (f"{TABLES}/claude_expenses.sql", "    model STRING,", "    model STRUCT<a STRING>,", "tables: claude_expenses"),
    ("infra/terraform/modules/warehouse/tables/main.tf", '"NUMERIC"', '"FLOAT64"', "tables:"),
    ("infra/warehouse/src/files.rs", '"dim_budget", "invoices"', '"invoices"', "tables: which"),
    ("infra/terraform/modules/warehouse/main.tf", '"cursor_usage_events"', '"cursor_events"', "cursor_events"),
    ("infra/terraform/modules/schedule/main.tf", 'trigger = "daily"', 'trigger = "dayly"', "dayly"),
    ("shared/stage/src/plain.rs", 'check == "alerts"', 'check == "rules"', "alerts"),
    ("shared/stage/src/runner.rs", '"message parked"', '"message set aside"', "message parked"),
    ("workers/alerter/src/watching.rs", '"nobody was told of an incident"', '"an incident stays untold"', "nobody was told"),
    ("infra/terraform/modules/monitoring/main.tf", "validator = 1800, ", "", "lag is watched"),
    ("infra/terraform/modules/archive/main.tf", 'location                    = "US"', 'location                    = "EU"', "is in EU"),
    (BUS, '"us-west1"', '"europe-west1"', "europe-west1"),
    ("infra/terraform/modules/secrets/main.tf", "    user_managed {\n      replicas {\n        location = var.region\n      }\n    }", "    auto {}", "does not say where it is"),
    ("infra/terraform/variables.tf", "^us-", "^[a-z]+-", "any region"),
    ("infra/terraform/modules/dashboards/main.tf", "AISPEND_IAP_AUDIENCE", "AISPEND_IAP_AUD", "AISPEND_IAP_AUD,"),
    (DECLARED, '"AISPEND_IAP_AUDIENCE"', '"AISPEND_IAP_WHO"', "AISPEND_IAP_WHO"),
    ("infra/terraform/modules/dashboards/main.tf", "iap_enabled         = true", "iap_enabled         = false", "iap_enabled"),
    ("infra/terraform/modules/dashboards/main.tf", '["serve", ', '["serves", ', "aispend serves"),
    (WORKERS, '["migrate"]', '["migrates"]', "aispend migrates"),
    ("infra/terraform/modules/workers/push.tf", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_ALL"),
    ("infra/terraform/modules/schedule/main.tf", 'var.topics["slice-events"]', 'var.topics["raw-slices"]', "goes to raw-slices"),
    ("infra/terraform/modules/secrets/main.tf", "var.members[each.value.stage]", 'var.members["loader"]', "a secret is opened"),
    ("infra/terraform/modules/archive/main.tf", '"batches/"', '"batch/"', "forgets batch/"),
    ("workers/alerter/src/runs.rs", '&str = "runs"', '&str = "states"', "forgets runs/"),
    ("infra/terraform/modules/archive/main.tf", '"plans/", "runs/"', '"parked/"', "wait for a person"),
    ("infra/terraform/modules/warehouse/main.tf", "delete_contents_on_destroy = false", "delete_contents_on_destroy = true", "go with its tables"),
    ("infra/terraform/variables.tf", '"ai_usage_analytics"', '"ai_usage"', "dataset is ai_usage"),
    ("infra/terraform/modules/monitoring/main.tf", "/oldest_unacked_message_age", "/oldest_message_age", "oldest_message_age"),
    ("infra/terraform/modules/project/logs.tf", "location       = var.region", 'location       = "global"', "is in global"),
]  # fmt: skip


def copy(to):
    for kept in KEPT:
        source, target = ROOT / kept, to / kept
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("fixtures", "snapshots", "assets", ".terraform"))
        else:
            shutil.copy(source, target)


def attempt(root, path, old, new, word):
    """What is wrong with this break; None where the checks see it."""
    file = root / path
    whole = file.read_text()
    if old not in whole:
        return f"{path}: {old!r} is not there, so this break breaks nothing"
    file.write_text(whole.replace(old, new, 1))
    try:
        said = "; ".join(problems(root))
    finally:
        file.write_text(whole)
    if word in said:
        return None
    return f"{path}: {old!r} became {new!r}, and the checks said: {said[-600:] or 'nothing'}"


def main():
    if not has_terraform():
        print("error: there is no terraform on the PATH", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        copy(root)
        for line in problems(root):
            print(f"error: {line}", file=sys.stderr)
            return 1
        unseen = [line for line in (attempt(root, *broken) for broken in BREAKS) if line]
    for line in unseen:
        print(f"error: {line}", file=sys.stderr)
    print(f"consistency selftest: {len(BREAKS) - len(unseen)} of {len(BREAKS)} breaks are seen, and nothing is wrong without them")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
