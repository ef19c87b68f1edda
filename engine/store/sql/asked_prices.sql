-- Each price that an order asked for, with the quote it was asked in, and what ended it: an execution, another price, the order's end.
WITH told AS MATERIALIZED (
  SELECT *
  FROM facts
  WHERE kind IN (
    'OrderProposed', 'OrderTightened', 'OrderSent', 'OrderRepriced', 'LegFilled', 'OrderCanceled', 'OrderRejected', 'OrderAbsent'
  )
),
steps AS (
  SELECT
    account, order_ref, seq, recorded_at, kind, limit_price, mid, natural_net,
    lead(kind) OVER later AS ended_by, lead(recorded_at) OVER later AS until
  FROM told
  WHERE kind NOT IN ('OrderProposed', 'OrderTightened')
  WINDOW later AS (PARTITION BY account, order_ref ORDER BY seq)
),
sizes AS (
  SELECT
    account, order_ref,
    any_value(strategy) FILTER (kind = 'OrderProposed') AS strategy,
    any_value(purpose) FILTER (kind = 'OrderProposed') AS purpose,
    any_value(spread) FILTER (kind = 'OrderProposed') AS spread,
    arg_max(quantity, seq) AS quantity
  FROM told
  WHERE kind IN ('OrderProposed', 'OrderTightened')
  GROUP BY ALL
),
legs AS (
  SELECT account, order_ref, any_value(underlying) AS underlying, any_value(root) AS root, min(expiry) AS expiry, count(*) AS legs
  FROM (
{{order_legs}}
  )
  GROUP BY ALL
)
SELECT
  s.account, s.seq, s.order_ref, o.strategy, o.purpose, o.spread->>'$.structure' AS structure, l.underlying, l.root, l.expiry, l.legs,
  o.quantity, s.recorded_at AS asked_at, s.until, s.limit_price, s.mid, s.natural_net,
  -- 0 is mid and 1 is natural; below 0 a price was asked for that is better than mid. NULL where the quote has no width.
  CASE WHEN s.mid > s.natural_net THEN ((s.mid - s.limit_price) / (s.mid - s.natural_net))::DOUBLE END AS beyond_mid,
  coalesce(s.ended_by = 'LegFilled', false) AS is_filled
FROM steps AS s
JOIN sizes AS o ON o.account = s.account AND o.order_ref = s.order_ref
LEFT JOIN legs AS l ON l.account = s.account AND l.order_ref = s.order_ref
WHERE s.kind IN ('OrderSent', 'OrderRepriced')
