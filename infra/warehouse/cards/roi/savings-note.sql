/*
title = "How savings are computed"
question = "How are savings computed?"
definition = "The formula behind each rule."
display = "text"
tab = "Recommendations"
place = [12, 12, 12, 7]
unit = "text"
changed = "2026-11-22"
body = """
* **R1 idle seat**: a seat paid for 30 days, no activity in 30 days. Saving: the seat's monthly price (an annual one divided by 12).
* **R2 overage**: Cursor charges above the seat price, two complete months running. No saving is stated until a larger plan's price is known.
* **R3 low efficiency**: above $0.50 per accepted line in two complete months, at least 500 lines. None stated.
* **R4 overlap**: paid on both coding tools, one gives under 10 % of the lines of the last complete month. Saving: its seat's price, or its cost in that month where it is billed by use.
* **R5 costly model**: a key or person spends over half on a model at least twice as dear per 1k tokens as another one of the team. Saving: tokens x price difference x 50 %, an upper bound.
* **R6 no cache**: a Claude API key above $100 in 30 days, under 20 % of its input from or for the cache. None stated.
* **R7 no owner**: a key with cost and without a person. None stated: it makes money visible.

A seat counts in one rule only: where R1 fires R4 does not, and where R4 fires R5 does not.
"""
*/
