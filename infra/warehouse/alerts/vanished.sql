/*
title = "Money that was taken back"
question = "Did a vendor take back what it had billed?"
definition = "A reading of the last seven days that left less than the given part of the money that its slice had before, at least so many US dollars less, and that is still the newest of that slice. Days of reading in a row are one incident of a feed and organisation, that of the first. Retired feeds do not count. frozen-feed gives way to it."
unit = "percent"
kind = "ingestion"
severity = "warning"
schedule = "daily"
sentence = "{subject}, read on {period}: {amount} is left of {baseline}. {note}"
remedy = "The ledger (slice_loads) has both amounts, and the archive both answers. If the vendor is wrong, ask it and read the days again; the next reading replaces this one."
changed = "2026-11-22"
[limits]
percent = { default = "50", unit = "percent", text = "how much of a slice's money must be left" }
usd = { default = "20", unit = "usd", text = "how many dollars less are worth a message" }
*/
WITH readings AS (
    SELECT
        l.*,
        ROW_NUMBER() OVER (PARTITION BY l.slice_key ORDER BY l.generation DESC, l.revision DESC, l.reader_version DESC) AS place
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.state <> 'unavailable' AND CAST(l.observed_at AS DATE) <= {{as_of}}
        AND UNIX_DATE(CAST(l.observed_at AS DATE)) >= UNIX_DATE({{as_of}}) - 7
),
gone AS (
    SELECT
        r.feed AS feed,
        r.org_id AS org_id,
        CAST(r.observed_at AS DATE) AS read_on,
        COUNT(*) AS slices,
        MIN(r.slice_day) AS first_day,
        MAX(r.slice_day) AS last_day,
        SUM(r.superseded_money_usd) AS before_usd,
        SUM(n.money_loaded_usd) AS left_usd,
        -- LEAD over falling days: the day of reading before.
        LEAD(CAST(r.observed_at AS DATE)) OVER (
            PARTITION BY r.feed, r.org_id ORDER BY CAST(r.observed_at AS DATE) DESC
        ) AS read_before
    FROM readings AS r
    JOIN readings AS n ON n.slice_key = r.slice_key AND n.place = 1
    WHERE r.state = 'loaded' AND r.outcome = 'complete' AND r.superseded_money_usd > 0
        AND r.money_loaded_usd * 100 < r.superseded_money_usd * {{limit:percent}}
        AND n.money_loaded_usd * 100 < r.superseded_money_usd * {{limit:percent}}
        AND CAST(r.observed_at AS DATE) >= {{quiet_from}}
    GROUP BY r.feed, r.org_id, CAST(r.observed_at AS DATE)
)
SELECT
    g.feed || ' ' || g.org_id AS subject,
    CAST(g.read_on AS STRING) AS period,
    CAST(g.left_usd * 100 / g.before_usd AS {{numeric}}) AS measured,
    CAST({{limit:percent}} AS {{numeric}}) AS limit_value,
    CAST(g.left_usd AS {{numeric}}) AS amount,
    CAST(g.before_usd AS {{numeric}}) AS baseline,
    CASE WHEN STARTS_WITH(g.feed, 'cursor/') THEN 'cursor' END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    g.read_on AS since,
    CASE
        WHEN g.first_day IS NULL THEN 'executive#definitions'
        ELSE 'allocation?range=' || CAST(g.first_day AS STRING) || '~' || CAST(g.last_day AS STRING) || '#ledger'
    END AS link,
    'Slices concerned: ' || CAST(g.slices AS STRING)
        || COALESCE(', of ' || CAST(g.first_day AS STRING) || ' to ' || CAST(g.last_day AS STRING), '') || '.' AS note
FROM gone AS g
WHERE g.before_usd - g.left_usd >= {{limit:usd}}
    AND (g.read_before IS NULL OR UNIX_DATE(g.read_before) < UNIX_DATE(g.read_on) - 1)
