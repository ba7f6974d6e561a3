-- True for a day of vw_spend_pace (as p) that daily-anomaly reports.
p.is_complete
AND p.cost_usd * 100 > p.mean_usd * {{limit:daily-anomaly.percent}}
AND p.cost_usd * 100 > p.like_usd * {{limit:daily-anomaly.percent}}
AND p.cost_usd - p.mean_usd >= {{limit:daily-anomaly.usd}}
