/*
title = "Who pays"
question = "Who pays, and how much of it has an owner?"
definition = "Spend of the range, the part a person answers for (and how much of that only through the creator of a key), the largest team, and what has no owner."
display = "table"
tab = "People"
place = [0, 0, 24, 3]
unit = "text"
changed = "2026-11-22"
[[columns]]
name = "headline"
label = "Who pays"
type = "headline"
members = { text = "The figures of the sentence before they are rounded. Each clause says some of them, and is left out where its own are not there.", of = "figures", show = ["cost_usd", "owned_usd", "creator_usd", "unowned_usd", "unowned_keys", "team", "team_usd"], newest = "range_words", see = ["alloc/teams", "alloc/people", "alloc/unattributed"] }
*/
WITH money AS (
    SELECT
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.attribution <> 'none' THEN s.cost_usd ELSE 0 END) AS owned_usd,
        SUM(CASE WHEN s.attribution = 'creator' THEN s.cost_usd ELSE 0 END) AS creator_usd,
        SUM(CASE WHEN s.attribution = 'none' THEN s.cost_usd ELSE 0 END) AS unowned_usd,
        COUNT(DISTINCT CASE WHEN s.attribution = 'none' THEN s.api_key_id END) AS unowned_keys
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
),
teams AS (
    SELECT
        s.team AS team,
        SUM(s.cost_usd) AS cost_usd,
        ROW_NUMBER() OVER (ORDER BY SUM(s.cost_usd) DESC, s.team) AS place
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.team NOT IN ('Unattributed', 'No team') AND s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.team
),
largest AS (
    SELECT MAX(t.team) AS team, MAX(t.cost_usd) AS cost_usd
    FROM teams AS t
    WHERE t.place = 1
),
figures AS (
    SELECT
        CASE
            WHEN p.is_month THEN {{month_words:p.first_day}}
            ELSE {{day_words:p.first_day}} || ' to ' || {{day_words:p.last_day}}
        END AS range_words,
        m.cost_usd AS cost_usd,
        m.owned_usd AS owned_usd,
        m.creator_usd AS creator_usd,
        m.unowned_usd AS unowned_usd,
        m.unowned_keys AS unowned_keys,
        l.team AS team,
        l.cost_usd AS team_usd
    FROM {{period}} AS p
    CROSS JOIN money AS m
    CROSS JOIN largest AS l
)
SELECT
    CASE
        WHEN g.cost_usd IS NULL THEN 'No spend loaded for ' || g.range_words || '.'
        ELSE g.range_words || ': **' || '$' || CASE WHEN ABS(g.cost_usd) >= 100 THEN {{thousands:g.cost_usd}} ELSE {{fixed2:g.cost_usd}} END || '**. **' || '$' || CASE WHEN ABS(g.owned_usd) >= 100 THEN {{thousands:g.owned_usd}} ELSE {{fixed2:g.owned_usd}} END || '** has an owner'
            || COALESCE(' (' || {{thousands:FLOOR(SAFE_DIVIDE(g.owned_usd, g.cost_usd) * 100)}} || ' %)', '')
            || CASE WHEN g.creator_usd > 0 THEN ', of which ' || '$' || CASE WHEN ABS(g.creator_usd) >= 100 THEN {{thousands:g.creator_usd}} ELSE {{fixed2:g.creator_usd}} END || ' through the creator of a key' ELSE '' END || '.'
            || COALESCE(' Largest: ' || g.team || ' team **' || '$' || CASE WHEN ABS(g.team_usd) >= 100 THEN {{thousands:g.team_usd}} ELSE {{fixed2:g.team_usd}} END || '**.', '')
            || CASE
                WHEN g.unowned_usd = 0 THEN ''
                ELSE ' Unattributed **' || '$' || CASE WHEN ABS(g.unowned_usd) >= 100 THEN {{thousands:g.unowned_usd}} ELSE {{fixed2:g.unowned_usd}} END || '**'
                    || CASE g.unowned_keys WHEN 0 THEN '' WHEN 1 THEN ', with 1 key' ELSE ', with ' || CAST(g.unowned_keys AS STRING) || ' keys' END
                    || '.'
            END
    END AS headline
FROM figures AS g
ORDER BY headline
