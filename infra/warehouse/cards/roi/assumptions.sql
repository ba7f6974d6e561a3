/*
title = "What we assume, and what we do not claim"
question = "What do these figures not say?"
definition = "The limits of the figures on this dashboard."
display = "text"
tab = "Assumptions"
place = [0, 7, 24, 8]
unit = "text"
changed = "2026-11-22"
body = """
* Lines are not value, and acceptance is not retention: nobody measures here what is still in the code a month later.
* Claude Code reports no suggested lines; its lines are counted after acceptance. Cursor's are counted when accepted.
* Sessions of Cursor are estimated: an active day counts as one.
* Claude.ai and the Claude API have no output measure, so they get no tier.
* Claude Code under a Claude.ai seat is not billed by use: its lines count with the seat, not with Claude Code's money.
* Counters that no vendor reports by model are "n/a" under a choice of models.
* A ratio that moves with another is a correlation, not a cause.
"""
*/
