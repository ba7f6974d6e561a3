//! Every setting: its name in `aispend.toml`, its variable, its default, and the sentence the docs show.

/// What a setting's text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// `YYYY-MM-DD`.
    Day,
    /// A whole number of seconds.
    Seconds,
    /// A whole number above zero.
    Count,
    /// Texts with commas between.
    List,
    /// `http://…` or `https://…`.
    Url,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// In `aispend.toml`: section and key.
    pub name: &'static str,
    /// Its environment variable, which wins over the file.
    pub variable: &'static str,
    /// What its text must be.
    pub kind: Kind,
    /// Without file and variable; empty: not set.
    pub default: &'static str,
    /// What it is for.
    pub sentence: &'static str,
}

const fn setting(
    name: &'static str,
    variable: &'static str,
    kind: Kind,
    default: &'static str,
    sentence: &'static str,
) -> Declared {
    Declared { name, variable, kind, default, sentence }
}

/// All of them, in the order that docs and `aispend config` show.
pub const DECLARED: &[Declared] = &[
    setting(
        "data_dir",
        "AISPEND_DATA_DIR",
        Kind::Text,
        "./data",
        "Where warehouse, archive, sheets and parked messages are.",
    ),
    setting(
        "engine",
        "AISPEND_ENGINE",
        Kind::Choice(&["local", "gcp"]),
        "local",
        "One machine, or Google Cloud.",
    ),
    setting(
        "anthropic.admin_key",
        "ANTHROPIC_ADMIN_KEY",
        Kind::Secret,
        "",
        "Admin key of the Console organisation (sk-ant-admin01-…).",
    ),
    setting(
        "anthropic.analytics_key",
        "ANTHROPIC_ANALYTICS_KEY",
        Kind::Secret,
        "",
        "Key of the claude.ai Enterprise organisation with the scope read:analytics.",
    ),
    setting(
        "anthropic.base_url",
        "ANTHROPIC_BASE_URL",
        Kind::Url,
        "https://api.anthropic.com",
        "Where the Anthropic API is.",
    ),
    setting(
        "anthropic.cost_api",
        "AISPEND_COST_API",
        Kind::Choice(&["auto", "analytics", "legacy"]),
        "auto",
        "Which generation of the cost API to read; auto asks once a run.",
    ),
    setting(
        "anthropic.confirmed_orgs",
        "AISPEND_CONFIRMED_ORGS",
        Kind::List,
        "",
        "Organisation ids that a changed key may answer for.",
    ),
    setting(
        "anthropic.claude_code_workspaces",
        "AISPEND_CLAUDE_CODE_WORKSPACES",
        Kind::List,
        "Claude Code",
        "Names or ids of the workspaces whose cost is Claude Code's.",
    ),
    setting(
        "anthropic.analytics_requests_per_minute",
        "AISPEND_ANTHROPIC_ANALYTICS_REQUESTS_PER_MINUTE",
        Kind::Count,
        "60",
        "The vendor's limit on an Enterprise organisation's analytics.",
    ),
    setting("cursor.admin_key", "CURSOR_ADMIN_KEY", Kind::Secret, "", "Admin API key of the Cursor team."),
    setting(
        "cursor.org_id",
        "AISPEND_CURSOR_ORG_ID",
        Kind::Text,
        "cursor",
        "How the Cursor team is called in the tables.",
    ),
    setting(
        "cursor.base_url",
        "CURSOR_BASE_URL",
        Kind::Url,
        "https://api.cursor.com",
        "Where the Cursor API is.",
    ),
    setting(
        "cursor.requests_per_minute",
        "AISPEND_CURSOR_REQUESTS_PER_MINUTE",
        Kind::Count,
        "20",
        "The vendor's limit on the admin endpoints.",
    ),
    setting(
        "cursor.event_requests_per_minute",
        "AISPEND_CURSOR_EVENT_REQUESTS_PER_MINUTE",
        Kind::Count,
        "60",
        "The vendor's limit on usage events.",
    ),
    setting(
        "sheets.spreadsheet_id",
        "AISPEND_SPREADSHEET_ID",
        Kind::Text,
        "",
        "The Google spreadsheet; not set: CSV files in <data_dir>/sheets.",
    ),
    setting(
        "sheets.credentials",
        "GOOGLE_APPLICATION_CREDENTIALS",
        Kind::Text,
        "",
        "Key file of the service account that may read the spreadsheet.",
    ),
    setting(
        "sheets.base_url",
        "GOOGLE_SHEETS_BASE_URL",
        Kind::Url,
        "https://sheets.googleapis.com",
        "Where the Google Sheets API is.",
    ),
    setting(
        "sheets.tabs",
        "AISPEND_SHEET_TABS",
        Kind::List,
        "",
        "Tabs with other names than their feed's: api-key-mapping=Keys,people=Staff.",
    ),
    setting(
        "run.start_date",
        "AISPEND_START_DATE",
        Kind::Day,
        "",
        "The first day to read; not set: the first of the month 12 months ago.",
    ),
    setting(
        "run.deadline_seconds",
        "AISPEND_RUN_DEADLINE_SECONDS",
        Kind::Seconds,
        "21600",
        "A run ends after this long; what is missing stays due.",
    ),
    setting(
        "fetch.timeout_seconds",
        "AISPEND_FETCH_TIMEOUT_SECONDS",
        Kind::Seconds,
        "120",
        "One answer of a vendor must come within this.",
    ),
    setting(
        "fetch.patience_seconds",
        "AISPEND_FETCH_PATIENCE_SECONDS",
        Kind::Seconds,
        "420",
        "How long a vendor that answers with errors is asked again.",
    ),
    setting(
        "fetch.silent_patience_seconds",
        "AISPEND_FETCH_SILENT_PATIENCE_SECONDS",
        Kind::Seconds,
        "45",
        "How long a vendor that does not answer is asked again.",
    ),
    setting(
        "fetch.empty_pause_seconds",
        "AISPEND_FETCH_EMPTY_PAUSE_SECONDS",
        Kind::Seconds,
        "1",
        "The pause before an empty answer is asked for again.",
    ),
    setting(
        "checks.rejected_percent",
        "AISPEND_REJECTED_PERCENT",
        Kind::Count,
        "10",
        "A slice with more than this share rejected is parked whole.",
    ),
    setting(
        "google.project",
        "GOOGLE_CLOUD_PROJECT",
        Kind::Text,
        "",
        "The Google Cloud project; needed with engine gcp.",
    ),
    setting("google.location", "AISPEND_LOCATION", Kind::Text, "US", "Where dataset and bucket are made."),
    setting("google.dataset", "AISPEND_DATASET", Kind::Text, "ai_usage_analytics", "The BigQuery dataset."),
    setting(
        "google.bucket",
        "AISPEND_BUCKET",
        Kind::Text,
        "",
        "The bucket of the archive and of parked messages; needed with engine gcp.",
    ),
    setting(
        "google.push_auth",
        "AISPEND_PUSH_AUTH",
        Kind::Choice(&["oidc", "none"]),
        "oidc",
        "How a pushed message proves that Pub/Sub sent it; none only with an emulator.",
    ),
    setting(
        "google.push_audience",
        "AISPEND_PUSH_AUDIENCE",
        Kind::Text,
        "",
        "The audience of push tokens, as the subscriptions name it: the worker's own address.",
    ),
    setting(
        "google.push_service_account",
        "AISPEND_PUSH_SERVICE_ACCOUNT",
        Kind::Text,
        "",
        "The service account that push subscriptions sign in as.",
    ),
    setting(
        "google.push_keys_url",
        "AISPEND_PUSH_KEYS_URL",
        Kind::Url,
        "",
        "Where the public keys of push tokens are; not set: Google's.",
    ),
    setting(
        "google.pubsub_emulator",
        "PUBSUB_EMULATOR_HOST",
        Kind::Text,
        "",
        "host:port of a Pub/Sub emulator.",
    ),
    setting(
        "google.bigquery_emulator",
        "BIGQUERY_EMULATOR_HOST",
        Kind::Text,
        "",
        "host:port of a BigQuery emulator, REST.",
    ),
    setting(
        "google.bigquery_storage_emulator",
        "BIGQUERY_STORAGE_EMULATOR_HOST",
        Kind::Text,
        "",
        "host:port of a BigQuery emulator, gRPC.",
    ),
    setting(
        "google.storage_emulator",
        "STORAGE_EMULATOR_HOST",
        Kind::Text,
        "",
        "host:port of a Cloud Storage emulator.",
    ),
    setting(
        "google.secret_manager_emulator",
        "SECRET_MANAGER_EMULATOR_HOST",
        Kind::Text,
        "",
        "host:port of a stand-in for Secret Manager.",
    ),
    setting(
        "worker.port",
        "PORT",
        Kind::Count,
        "8080",
        "Where a worker answers /healthz, /readyz and pushes.",
    ),
    setting(
        "worker.concurrency",
        "AISPEND_CONCURRENCY",
        Kind::Count,
        "4",
        "Batches a worker handles at the same time.",
    ),
    setting(
        "worker.lease_seconds",
        "AISPEND_LEASE_SECONDS",
        Kind::Count,
        "60",
        "For how long Pub/Sub leaves a message to a worker that died, 10 to 600; a living one renews it.",
    ),
    setting(
        "worker.drain_seconds",
        "AISPEND_DRAIN_SECONDS",
        Kind::Seconds,
        "8",
        "After SIGTERM a worker finishes what it has within this; the rest comes again.",
    ),
    setting(
        "telemetry.otlp_endpoint",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Kind::Url,
        "",
        "Where traces and metrics go, OTLP over HTTP; not set: nowhere.",
    ),
];
