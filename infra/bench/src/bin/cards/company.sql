-- An invented company by SQL: {people} people, {days} days up to {last_day}. The same arguments give the same rows.
--
-- Two thirds of the people have Cursor, half have Claude.ai, 45 % use Claude Code by use and 15 % under their seat. On a
-- weekday three quarters are active, at weekends a fifth. Vendors name three models each. A team has about 25 people, an
-- API key about eight. Everything is put into the tables as a load would, ledger included; vendors' single events are not
-- made: no card reads them.
CREATE MACRO dice(x, what) AS CAST(hash(x || what) % 100 AS INTEGER);

CREATE TEMP TABLE person AS
SELECT
    n AS n,
    format('person{:05d}@example.com', n) AS email,
    format('Person {:05d}', n) AS name,
    format('Team {:03d}', CAST(n % greatest(4, {people} // 25) AS INTEGER)) AS team,
    dice(n, 'cursor') < 66 AS has_cursor,
    dice(n, 'claude') < 50 AS has_claude,
    dice(n, 'code') < 45 AS has_code,
    dice(n, 'claude') < 15 AS has_covered,
    format('apikey_code_{:05d}', n) AS code_key,
    -- Somebody who stopped a while ago keeps the seat.
    dice(n, 'idle') < 5 AS is_idle
FROM range({people}) AS r(n);

CREATE TEMP TABLE calendar AS
SELECT d.day AS day, d.is_weekday AS is_weekday, row_number() OVER (ORDER BY d.day DESC) AS days_ago
FROM ai_usage_analytics.dim_calendar AS d
WHERE d.day > DATE '{last_day}' - {days} AND d.day <= DATE '{last_day}';

CREATE TEMP TABLE model AS
SELECT * FROM (VALUES
    (0, 'claude-sonnet-5', 'claude-sonnet-5'), (1, 'claude-opus-5', 'gpt-5'), (2, 'claude-haiku-4-5', 'default')
) AS m(place, claude, cursor);

-- A person's active days, with the models of the day: the first always, the second every other day, the third every fourth.
CREATE TEMP TABLE active AS
SELECT p.*, c.day AS day, dice(p.n * 10000 + c.days_ago, 'size') AS size
FROM person AS p
CROSS JOIN calendar AS c
WHERE dice(p.n * 10000 + c.days_ago, 'on') < CASE WHEN c.is_weekday THEN 75 ELSE 20 END AND NOT (p.is_idle AND c.days_ago < 60);

CREATE TEMP TABLE chosen AS
SELECT a.*, m.place AS place, m.claude AS claude, m.cursor AS cursor
FROM active AS a
JOIN model AS m ON a.size < CASE m.place WHEN 0 THEN 100 WHEN 1 THEN 50 ELSE 25 END;

INSERT INTO ai_usage_analytics.cursor_usage_stats BY NAME
SELECT
    c.day AS activity_date, p.email AS user_email, CAST(p.n AS STRING) AS user_id, a.n IS NOT NULL AS is_active,
    COALESCE(a.size * 11, 0) AS total_lines_added, COALESCE(a.size * 3, 0) AS total_lines_deleted,
    COALESCE(a.size * 6, 0) AS accepted_lines_added, COALESCE(a.size, 0) AS accepted_lines_deleted,
    COALESCE(a.size // 2, 0) AS total_applies, COALESCE(a.size // 3, 0) AS total_accepts, COALESCE(a.size // 20, 0) AS total_rejects,
    COALESCE(a.size * 2, 0) AS total_tabs_shown, COALESCE(a.size, 0) AS total_tabs_accepted,
    COALESCE(a.size // 9, 0) AS composer_requests, COALESCE(a.size // 7, 0) AS chat_requests,
    COALESCE(a.size // 5, 0) AS agent_requests, COALESCE(a.size // 30, 0) AS cmdk_usages, 0 AS bugbot_usages,
    COALESCE(a.size // 3, 0) AS subscription_included_reqs, COALESCE(a.size // 11, 0) AS usage_based_reqs, 0 AS api_key_reqs,
    CASE WHEN a.n IS NOT NULL THEN 'claude-sonnet-5' END AS most_used_model,
    'cursor' AS org_id, 'cursor/daily-usage|cursor|' || CAST(c.day AS STRING) AS slice_key, 'daily' AS source,
    'run-' || CAST(c.day AS STRING) AS run_id, CAST(c.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(c.day AS STRING)) AS document_sha256
FROM person AS p
CROSS JOIN calendar AS c
LEFT JOIN active AS a ON a.n = p.n AND a.day = c.day
WHERE p.has_cursor;

INSERT INTO ai_usage_analytics.cursor_expenses BY NAME
SELECT
    a.day AS expense_date, a.email AS user_email, a.cursor AS model, k.cost_type AS cost_type, 'usage' AS cost_class,
    CASE WHEN k.cost_type = 'usage_based' THEN CAST(a.size * 37 + a.place * 11 + 7 AS DECIMAL(38, 9)) / 1000 ELSE 0 END AS estimated_cost_usd,
    CASE WHEN k.cost_type = 'included_usage' THEN CAST(a.size * 53 AS DECIMAL(38, 9)) / 1000 END AS included_value_usd,
    CASE WHEN k.cost_type = 'usage_based' THEN a.size // 5 + 1 END AS usage_based_reqs,
    CASE WHEN k.cost_type = 'included_usage' THEN a.size // 3 + 1 END AS subscription_included_reqs,
    CASE WHEN k.cost_type = 'not_charged' THEN 1 END AS not_charged_reqs,
    'cursor' AS org_id, 'cursor/usage-events|cursor|' || CAST(a.day AS STRING) AS slice_key, 'events' AS source,
    'run-' || CAST(a.day AS STRING) AS run_id, CAST(a.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(a.day AS STRING)) AS document_sha256
FROM chosen AS a
JOIN (VALUES ('included_usage', 100), ('usage_based', 40), ('not_charged', 10)) AS k(cost_type, share)
    ON dice(a.size * 1000 + a.n, k.cost_type) < k.share
WHERE a.has_cursor;

INSERT INTO ai_usage_analytics.cursor_expenses BY NAME
SELECT
    c.day AS expense_date, p.email AS user_email, 'subscription' AS cost_type, 'seat' AS cost_class,
    CAST(40 AS DECIMAL(38, 9)) / c.days_in_month AS estimated_cost_usd, 'standard' AS subscription_plan,
    'sheets' AS org_id, 'sheets/seats|sheets|all' AS slice_key, 'csv' AS source,
    'run-' || CAST(c.day AS STRING) AS run_id, CAST(c.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256('seats') AS document_sha256
FROM person AS p
CROSS JOIN (SELECT d.* FROM ai_usage_analytics.dim_calendar AS d JOIN calendar AS k ON k.day = d.day) AS c
WHERE p.has_cursor;

INSERT INTO ai_usage_analytics.claude_expenses BY NAME
SELECT
    c.day AS expense_date, 'claude.ai' AS platform, 'seat' AS platform_rule,
    CAST(25 AS DECIMAL(38, 9)) / c.days_in_month AS cost_usd, 'subscription' AS cost_type, 'seat' AS cost_class, p.email AS user_email,
    'reported' AS allocation, 'standard' AS subscription_plan,
    'sheets' AS org_id, 'sheets/seats|sheets|all' AS slice_key, 'csv' AS source,
    'run-' || CAST(c.day AS STRING) AS run_id, CAST(c.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256('seats') AS document_sha256
FROM person AS p
CROSS JOIN (SELECT d.* FROM ai_usage_analytics.dim_calendar AS d JOIN calendar AS k ON k.day = d.day) AS c
WHERE p.has_claude;

CREATE TEMP TABLE token AS
SELECT * FROM (VALUES
    (0, 'uncached_input_tokens', 'input'), (1, 'output_tokens', 'output'), (2, 'cache_read_input_tokens', 'cache_read'),
    (3, 'cache_creation.ephemeral_5m_input_tokens', 'cache_write')
) AS t(place, token_type, token_class);

-- Claude Code by use: a key of its own for each person, which the directory gives to its creator.
INSERT INTO ai_usage_analytics.claude_expenses BY NAME
SELECT
    a.day AS expense_date, 'claude_code' AS platform, 'product' AS platform_rule, 'wrkspc_code' AS workspace_id, a.claude AS model,
    CAST((a.size + 1) * (t.place + 1) * 13 AS DECIMAL(38, 9)) / 1000 AS cost_usd,
    CAST((a.size + 1) * (t.place + 1) * 13 AS DECIMAL(38, 9)) / 1000 AS list_cost_usd,
    'tokens' AS cost_type, 'usage' AS cost_class, t.token_type AS token_type, t.token_class AS token_class, 'standard' AS service_tier,
    a.code_key AS api_key_id, 'claude_code' AS product, 'reported' AS allocation,
    'org-1' AS org_id, 'anthropic/cost|org-1|' || CAST(a.day AS STRING) AS slice_key, 'analytics' AS source,
    'run-' || CAST(a.day AS STRING) AS run_id, CAST(a.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(a.day AS STRING)) AS document_sha256
FROM chosen AS a
CROSS JOIN token AS t
WHERE a.has_code;

-- One API key for eight people: most are in the mapping sheet, some have only a creator, some nobody knows.
CREATE TEMP TABLE api_key AS
SELECT p.n AS n, format('apikey_api_{:05d}', p.n) AS api_key_id, p.email AS email, p.team AS team, dice(p.n, 'owner') AS owner
FROM person AS p
WHERE p.n % 8 = 0;

CREATE TEMP TABLE api_day AS
SELECT k.*, c.day AS day, m.claude AS model, m.place AS place, dice(k.n * 10000 + c.days_ago, 'api') AS size
FROM api_key AS k
CROSS JOIN calendar AS c
JOIN model AS m ON m.place < 2;

INSERT INTO ai_usage_analytics.claude_expenses BY NAME
SELECT
    a.day AS expense_date, 'claude_api' AS platform, 'rest' AS platform_rule, 'wrkspc_api' AS workspace_id, a.model AS model,
    CAST((a.size + 1) * (t.place + 1) * 29 AS DECIMAL(38, 9)) / 1000 AS cost_usd, 'tokens' AS cost_type, 'usage' AS cost_class,
    t.token_type AS token_type, t.token_class AS token_class, CASE WHEN a.place = 1 THEN 'batch' ELSE 'standard' END AS service_tier,
    a.api_key_id AS api_key_id, 'api' AS product, 'reported' AS allocation,
    'org-1' AS org_id, 'anthropic/cost|org-1|' || CAST(a.day AS STRING) AS slice_key, 'analytics' AS source,
    'run-' || CAST(a.day AS STRING) AS run_id, CAST(a.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(a.day AS STRING)) AS document_sha256
FROM api_day AS a
CROSS JOIN token AS t;

INSERT INTO ai_usage_analytics.api_usage_expenses BY NAME
SELECT
    a.day AS expense_date, a.api_key_id AS api_key_id, 'wrkspc_api' AS workspace_id, a.model AS model, 'messages' AS endpoint,
    TRUE AS endpoint_is_derived, CASE WHEN a.place = 1 THEN 'batch' ELSE 'standard' END AS service_tier,
    CAST((a.size + 1) * 10 * 29 AS DECIMAL(38, 9)) / 1000 AS cost_usd, a.size * 9000 AS input_tokens, a.size * 800 AS output_tokens,
    a.size * 3000 AS cache_tokens, a.size * 2500 AS cache_read_tokens, a.size * 500 AS cache_write_5m_tokens, 0 AS cache_write_1h_tokens,
    'reported' AS allocation, TRUE AS is_billed,
    'org-1' AS org_id, 'anthropic/cost|org-1|' || CAST(a.day AS STRING) AS slice_key, 'analytics' AS source,
    'run-' || CAST(a.day AS STRING) AS run_id, CAST(a.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(a.day AS STRING)) AS document_sha256
FROM api_day AS a;

INSERT INTO ai_usage_analytics.claude_code_usage_stats BY NAME
SELECT
    a.day AS activity_date, a.email AS user_email, 'user_actor' AS actor_type,
    CASE WHEN a.has_covered THEN 'subscription' ELSE 'api' END AS customer_type, 'vscode' AS terminal_type, FALSE AS is_remote,
    CASE WHEN a.place = 0 THEN a.size // 12 + 1 END AS num_sessions, CASE WHEN a.place = 0 THEN a.size * 9 END AS lines_added,
    CASE WHEN a.place = 0 THEN a.size * 2 END AS lines_removed, CASE WHEN a.place = 0 THEN a.size // 25 END AS commits_by_claude_code,
    CASE WHEN a.place = 0 THEN a.size // 60 END AS pull_requests_by_claude_code,
    CASE WHEN a.place = 0 THEN a.size // 3 END AS edit_tool_accepted, CASE WHEN a.place = 0 THEN a.size // 30 END AS edit_tool_rejected,
    a.claude AS model, a.place + 1 AS model_rank, CAST((a.size + 1) * 130 AS DECIMAL(38, 9)) / 1000 AS estimated_cost_usd,
    a.size * 700 AS input_tokens, a.size * 300 AS output_tokens, a.size * 50000 AS cache_tokens, a.size * 45000 AS cache_read_tokens,
    a.size * 5000 AS cache_creation_tokens,
    'org-1' AS org_id, 'anthropic/claude-code|org-1|' || CAST(a.day AS STRING) AS slice_key, 'usage_report' AS source,
    'run-' || CAST(a.day AS STRING) AS run_id, CAST(a.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(a.day AS STRING)) AS document_sha256
FROM chosen AS a
WHERE a.has_code OR a.has_covered;

INSERT INTO ai_usage_analytics.claude_usage_stats BY NAME
SELECT
    a.day AS activity_date, a.email AS user_email, a.size // 20 + 1 AS conversation_count, a.size // 4 + 1 AS message_count,
    'sheets' AS org_id, 'sheets/claude-ai-usage|sheets|' || CAST(a.day AS STRING) AS slice_key, 'csv' AS source,
    'run-' || CAST(a.day AS STRING) AS run_id, CAST(a.day AS TIMESTAMP) + INTERVAL 30 HOUR AS fetched_at, sha256(CAST(a.day AS STRING)) AS document_sha256
FROM active AS a
WHERE a.has_claude AND a.size % 2 = 0;

-- People by the sheet and by both directories.
INSERT INTO ai_usage_analytics.user_sources BY NAME
SELECT
    s.prefix || CAST(p.n AS STRING) AS user_key, p.email AS user_email, s.prefix || CAST(p.n AS STRING) AS user_id, p.name AS name,
    'developer' AS role, CASE WHEN s.place = 1 THEN 'Engineering' END AS department, CASE WHEN s.place = 1 THEN p.team END AS team,
    CASE WHEN s.place = 1 THEN 'person00000@example.com' END AS manager_email, s.org_id AS org_id, s.slice_key AS slice_key, 'list' AS source,
    'run-1' AS run_id, TIMESTAMP '2024-01-01' AS fetched_at, sha256(s.slice_key) AS document_sha256, TRUE AS is_active,
    CAST(DATE '{last_day}' AS TIMESTAMP) AS last_seen, 0 AS seen_revision, 1 AS seen_reader
FROM person AS p
JOIN (VALUES
    (1, 'sheet_', 'sheets', 'sheets/people|sheets|all'), (2, 'user_', 'org-1', 'anthropic/directory|org-1|all'),
    (3, 'cursor_', 'cursor', 'cursor/members|cursor|all')
) AS s(place, prefix, org_id, slice_key) ON s.place < 3 OR p.has_cursor
-- A few that the sheet forgot.
WHERE s.place > 1 OR dice(p.n, 'listed') < 97;

INSERT INTO ai_usage_analytics.key_sources BY NAME
SELECT
    k.api_key_id AS api_key_id, k.api_key_id AS api_key_name, 'active' AS status, k.workspace_id AS workspace_id,
    'user_' || CAST(k.n AS STRING) AS created_by_id, 'user' AS created_by_type, TIMESTAMP '2024-01-01' AS created_at, 'org-1' AS org_id,
    'anthropic/directory|org-1|all' AS slice_key, 'list' AS source, 'run-1' AS run_id, TIMESTAMP '2024-01-01' AS fetched_at,
    sha256('keys') AS document_sha256, TRUE AS is_active, CAST(DATE '{last_day}' AS TIMESTAMP) AS last_seen, 0 AS seen_revision, 1 AS seen_reader
FROM (
    SELECT p.code_key AS api_key_id, 'wrkspc_code' AS workspace_id, p.n AS n FROM person AS p WHERE p.has_code
    UNION ALL
    SELECT a.api_key_id AS api_key_id, 'wrkspc_api' AS workspace_id, a.n AS n FROM api_key AS a WHERE a.owner < 90
) AS k;

INSERT INTO ai_usage_analytics.dim_api_key_mapping BY NAME
SELECT
    a.api_key_id AS api_key_id, a.email AS user_email, a.team AS team, 'claude_api' AS platform, 'service' AS purpose, 'active' AS status,
    'sheets' AS org_id, 'sheets/api-key-mapping|sheets|all' AS slice_key, 'csv' AS source, 'run-1' AS run_id,
    TIMESTAMP '2024-01-01' AS fetched_at, sha256('mapping') AS document_sha256
FROM api_key AS a
WHERE a.owner < 70;

INSERT INTO ai_usage_analytics.dim_seats BY NAME
SELECT
    s.vendor AS vendor, 'standard' AS plan, p.email AS user_email, s.price_usd AS price_usd, 'monthly' AS billing, 1 AS cycle_day,
    CAST(DATE '{last_day}' - {days} + 1 AS DATE) AS valid_from, 'sheets' AS org_id, 'sheets/seats|sheets|all' AS slice_key, 'csv' AS source,
    'run-1' AS run_id, TIMESTAMP '2024-01-01' AS fetched_at, sha256('seats') AS document_sha256
FROM person AS p
JOIN (VALUES ('cursor', 40), ('anthropic', 25)) AS s(vendor, price_usd)
    ON CASE s.vendor WHEN 'cursor' THEN p.has_cursor ELSE p.has_claude END;

-- A budget for each platform and month, and one for each team.
INSERT INTO ai_usage_analytics.dim_budget BY NAME
SELECT
    m.month AS month, b.platform AS platform, b.team AS team, {people} * b.per_person AS budget_usd, 'person00000@example.com' AS approved_by,
    'sheets' AS org_id, 'sheets/budgets|sheets|all' AS slice_key, 'csv' AS source, 'run-1' AS run_id,
    TIMESTAMP '2024-01-01' AS fetched_at, sha256('budgets') AS document_sha256
FROM (
    SELECT DISTINCT d.month AS month
    FROM ai_usage_analytics.dim_calendar AS d
    JOIN calendar AS c ON c.day = d.day
) AS m
CROSS JOIN (
    SELECT b.platform AS platform, CAST(NULL AS STRING) AS team, b.per_person AS per_person
    FROM (VALUES ('claude_code', 60), ('claude.ai', 20), ('claude_api', 40), ('cursor', 40)) AS b(platform, per_person)
    UNION ALL
    SELECT DISTINCT CAST(NULL AS STRING) AS platform, p.team AS team, 1 AS per_person FROM person AS p
) AS b;

INSERT INTO ai_usage_analytics.dim_workspaces BY NAME
SELECT
    w.workspace_id AS workspace_id, w.name AS name, FALSE AS is_archived, w.is_claude_code AS is_claude_code, 'org-1' AS org_id,
    'anthropic/directory|org-1|all' AS slice_key, 'list' AS source, 'run-1' AS run_id, TIMESTAMP '2024-01-01' AS fetched_at,
    TRUE AS is_active, CAST(DATE '{last_day}' AS TIMESTAMP) AS last_seen, 0 AS seen_revision, 1 AS seen_reader
FROM (VALUES ('wrkspc_code', 'Claude Code', TRUE), ('wrkspc_api', 'Production', FALSE)) AS w(workspace_id, name, is_claude_code);

-- The ledger: a reading for each slice, in the morning after its day, and what the tables hold of it.
CREATE TEMP TABLE slice AS
SELECT s.slice_key AS slice_key, s.org_id AS org_id, SUM(s.row_count) AS row_count, SUM(s.cost_usd) AS cost_usd
FROM (
    SELECT t.slice_key, t.org_id, COUNT(*) AS row_count, SUM(t.cost_usd) AS cost_usd FROM ai_usage_analytics.claude_expenses AS t GROUP BY ALL
    UNION ALL
    SELECT t.slice_key, t.org_id, COUNT(*) AS row_count, SUM(t.estimated_cost_usd) AS cost_usd FROM ai_usage_analytics.cursor_expenses AS t GROUP BY ALL
    UNION ALL
    SELECT t.slice_key, t.org_id, COUNT(*) AS row_count, 0 AS cost_usd FROM ai_usage_analytics.api_usage_expenses AS t GROUP BY ALL
    UNION ALL
    SELECT t.slice_key, t.org_id, COUNT(*) AS row_count, 0 AS cost_usd FROM ai_usage_analytics.cursor_usage_stats AS t GROUP BY ALL
    UNION ALL
    SELECT t.slice_key, t.org_id, COUNT(*) AS row_count, 0 AS cost_usd FROM ai_usage_analytics.claude_code_usage_stats AS t GROUP BY ALL
    UNION ALL
    SELECT t.slice_key, t.org_id, COUNT(*) AS row_count, 0 AS cost_usd FROM ai_usage_analytics.claude_usage_stats AS t GROUP BY ALL
) AS s
GROUP BY s.slice_key, s.org_id;

INSERT INTO ai_usage_analytics.slice_loads BY NAME
SELECT
    s.slice_key AS slice_key, split_part(s.slice_key, '|', 1) AS feed, s.org_id AS org_id, d.day AS slice_day,
    epoch_us(CAST(d.day AS TIMESTAMP) + INTERVAL 30 HOUR) AS generation, CAST(d.day AS TIMESTAMP) + INTERVAL 30 HOUR AS observed_at,
    0 AS revision, 1 AS reader_version, 'run-' || CAST(d.day AS STRING) AS run_id, 'loaded' AS state, 'list' AS source, 'complete' AS outcome,
    '' AS outcome_reason, s.row_count AS rows_in, s.row_count AS rows_loaded, 0 AS rows_rejected, s.cost_usd AS money_in_usd,
    s.cost_usd AS money_loaded_usd, 0 AS money_rejected_usd, 0 AS superseded_rows, 0 AS superseded_money_usd, 0 AS rounded_amounts,
    '0' AS rounded_lost_usd, sha256(s.slice_key) AS content_hash, '' AS context_digest, '{}' AS totals, '[]' AS documents, '[]' AS context,
    '[]' AS findings, CAST(d.day AS TIMESTAMP) + INTERVAL 31 HOUR AS loaded_at
FROM (SELECT x.*, try_cast(split_part(x.slice_key, '|', 3) AS DATE) AS day FROM slice AS x) AS s
JOIN calendar AS d ON d.day = COALESCE(s.day, DATE '{last_day}');

INSERT INTO ai_usage_analytics.runs BY NAME
SELECT
    'run-' || CAST(c.day AS STRING) AS run_id, 'daily' AS trigger, CAST(c.day AS TIMESTAMP) + INTERVAL 30 HOUR AS started_at,
    CAST(c.day AS TIMESTAMP) + INTERVAL 31 HOUR AS finished_at, 'succeeded' AS state, 6 AS planned, 6 AS loaded, 0 AS skipped, 0 AS failed,
    0 AS parked, '' AS notes
FROM calendar AS c;
