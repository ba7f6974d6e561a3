/*
title = "What these numbers mean"
question = "What do these numbers mean?"
definition = "The definitions behind the four dashboards."
display = "text"
tab = "Definitions"
place = [0, 0, 24, 9]
unit = "text"
changed = "2026-11-22"
body = """
* **Total spend** is billed money: `claude_expenses` and `cursor_expenses`, by UTC billing day, and nothing else. `api_usage_expenses` is a part of it, in more detail; estimates are never added.
* **Seats** are subscriptions, **usage** is every metered charge, **other** is the rest.
* **The period before** a running month is the same days of the month before; before a whole month, the whole one; before any other range, as many days.
* **Budget** comes from the finance sheet. A positive variance is over budget. On track: the forecast is within the budget; at risk: up to 110 % of it; over: beyond.
* **Forecast** is what is spent, plus for each remaining day the mean of its weekday over the last 28 days, plus seats at their daily rate. Shown from the fifth day.
* **Annual run rate** is the last complete month times 12.
* **An active user** has any use on any platform: Cursor activity, Claude Code sessions or edits, Claude.ai messages, Claude API spend on a key with an owner.
* **An owner** is the person the vendor names, else whom the key sheet names on that day, else who created the key. Money without one stays visible as Unattributed.
* **Ratios** are sum over sum; a zero base gives "n/a". Money is exact and rounded for display only.
* **Growth**: stable from -5 % to +5 %, moderate to 20 %, high or significant beyond.

Last change of these definitions: 22 Nov 2026.
"""
*/
