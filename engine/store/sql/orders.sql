-- The journal is read once, for everything below. What a person gave to the engine is the order that it stands in for: proposed,
-- and executed leg by leg at what each cost.
WITH written AS MATERIALIZED (
  SELECT * FROM facts WHERE order_ref IS NOT NULL OR kind IN ('PositionSettled', 'LegsExpired')
),
told AS MATERIALIZED (
  SELECT * FROM written
  UNION ALL
  SELECT * REPLACE (
    'OrderProposed' AS kind, order_ref AS position, 'open' AS purpose, net AS limit_price, net AS worst,
    'adopted by ' || by_whom || ': ' || reason AS reason
  )
  FROM written
  WHERE kind = 'PositionAdopted'
  UNION ALL
  SELECT a.* REPLACE (
    'LegFilled' AS kind, 'adopted' AS exec_id, (l.leg->>'$.contract.con_id')::BIGINT AS con_id, l.leg->>'$.action' AS action,
    a.quantity * (l.leg->>'$.ratio')::BIGINT AS quantity, (c.cost->>'$.price')::DECIMAL(18,6) AS price
  )
  FROM written AS a
  JOIN LATERAL (SELECT unnest(from_json(a.spread->'$.legs', '["JSON"]')) AS leg) AS l ON true
  JOIN LATERAL (SELECT unnest(from_json(a.costs, '["JSON"]')) AS cost) AS c ON c.cost->>'$.con_id' = l.leg->>'$.contract.con_id'
  WHERE a.kind = 'PositionAdopted'
),
last_told AS (
  SELECT
    account, order_ref,
    arg_max(limit_price, seq) FILTER (kind IN ('OrderProposed', 'OrderApproved', 'OrderSent', 'OrderRepriced')) AS limit_price,
    arg_max(quantity, seq) FILTER (kind IN ('OrderProposed', 'OrderTightened')) AS quantity,
    arg_max(worst, seq) FILTER (kind IN ('OrderProposed', 'OrderTightened')) AS worst,
    arg_max(by_whom, seq) FILTER (kind IN ('OrderApproved', 'PositionAdopted')) AS approved_by,
    arg_max(recorded_at, seq) FILTER (kind = 'OrderSent') AS sent_at,
    count(*) FILTER (kind = 'OrderRepriced') AS reprices,
    arg_max(outcome, seq) FILTER (kind = 'OrderPreviewed') AS preview,
    arg_max(initial_margin_change, seq) FILTER (kind = 'OrderPreviewed') AS initial_margin_change,
    arg_max_null(commission, seq) FILTER (kind = 'OrderPreviewed') AS commission_previewed,
    arg_max(coalesce(reason, obstacle->>'$.gate', code || ': ' || text), seq) FILTER (
      kind IN (
        'OrderDenied', 'OrderDeclined', 'OrderExpired', 'CancelRequested', 'OrderCanceled', 'OrderRejected', 'OrderUnknown'
      )
    ) AS why
  FROM told
  GROUP BY ALL
),
legs AS MATERIALIZED (
{{order_legs}}
),
steps AS MATERIALIZED (
{{execution_steps}}
),
-- How much of each leg had executed after each execution, and what that makes of the whole order.
grown AS (
  SELECT s.account, s.order_ref, s.seq, s.recorded_at, l.ratio, sum(t.added) FILTER (t.con_id = l.con_id) AS done
  FROM (SELECT DISTINCT account, order_ref, seq, recorded_at FROM steps) AS s
  JOIN steps AS t ON t.account = s.account AND t.order_ref = s.order_ref AND t.seq <= s.seq
  JOIN legs AS l ON l.account = s.account AND l.order_ref = s.order_ref
  GROUP BY s.account, s.order_ref, s.seq, s.recorded_at, l.con_id, l.ratio
),
sized AS (
  SELECT
    g.account, g.order_ref, g.seq, g.recorded_at,
    min(coalesce(done, 0) // ratio) AS filled,
    max(coalesce(done, 0) / ratio) = min(coalesce(done, 0) // ratio) AS is_balanced
  FROM grown AS g
  GROUP BY ALL
),
events AS (
  SELECT account, order_ref, seq, recorded_at, kind AS event, false AS is_fill
  FROM told
  WHERE kind NOT IN ('OrderProposed', 'LegFilled', 'FactRefused', 'PositionSettled', 'LegsExpired')
  UNION ALL
  SELECT
    s.account, s.order_ref, s.seq, s.recorded_at,
    CASE WHEN s.filled >= p.quantity THEN 'WholeFilled' ELSE 'PartFilled' END, true
  FROM sized AS s
  JOIN last_told AS p ON p.account = s.account AND p.order_ref = s.order_ref
),
lives AS (
  SELECT
    account, order_ref,
    list({'event': event, 'since': recorded_at, 'has_fills': fills > 0 AND NOT is_fill} ORDER BY seq) AS events
  FROM (
    SELECT *, count(*) FILTER (is_fill) OVER (PARTITION BY account, order_ref ORDER BY seq) AS fills
    FROM events
  )
  GROUP BY ALL
),
-- The fold of domain/order_life.py: its table, and what becomes of a state that does not fit an order with fills.
life AS MATERIALIZED (
  SELECT
    {{life}} AS steps,
    MAP {'working': 'partly_filled', 'rejected': 'canceled', 'expired': 'canceled'} AS with_fills
),
folded AS (
  SELECT
    p.account, p.order_ref,
    list_reduce(
      coalesce(l.events, []),
      lambda acc, x: {
        'event': {{next}},
        'since': CASE WHEN {{next}} = acc.event THEN acc.since ELSE x.since END,
        'has_fills': x.has_fills
      },
      {'event': 'proposed', 'since': p.recorded_at, 'has_fills': false}
    ) AS state
  FROM told AS p
  CROSS JOIN life
  LEFT JOIN lives AS l ON l.account = p.account AND l.order_ref = p.order_ref
  WHERE p.kind = 'OrderProposed'
),
whole AS (
  SELECT account, order_ref, arg_max(filled, seq) AS filled
  FROM sized
  GROUP BY ALL
),
-- Cash of whole spreads: a leg that ran ahead of the others counts at its average price, in proportion.
cash AS (
  SELECT
    f.account, f.order_ref,
    sum(CASE WHEN f.done = f.wanted THEN f.cash::DOUBLE ELSE f.cash * f.wanted / f.done END) AS per_share
  FROM (
    SELECT
      s.account, s.order_ref, s.con_id,
      sum(s.price * s.quantity * CASE s.action WHEN 'sell' THEN 1 ELSE -1 END) AS cash,
      sum(s.quantity) AS done,
      any_value(w.filled * l.ratio) AS wanted
    FROM steps AS s
    JOIN legs AS l ON l.account = s.account AND l.order_ref = s.order_ref AND l.con_id = s.con_id
    JOIN whole AS w ON w.account = s.account AND w.order_ref = s.order_ref
    WHERE s.counts AND w.filled > 0
    GROUP BY s.account, s.order_ref, s.con_id
  ) AS f
  GROUP BY ALL
),
-- What has executed of each leg, at its average price in USD per share, in the order of the structure.
by_leg AS (
  SELECT
    l.account, l.order_ref,
    list({
      'con_id': l.con_id, 'action': l.action, 'ratio': l.ratio, 'put_call': l.put_call, 'strike': l.strike, 'expiry': l.expiry,
      'executed': coalesce(d.done, 0), 'price': d.cash / d.done
    } ORDER BY l.place) AS legs
  FROM legs AS l
  LEFT JOIN (
    SELECT account, order_ref, con_id, sum(quantity) AS done, sum(price * quantity) AS cash
    FROM steps
    WHERE counts
    GROUP BY ALL
  ) AS d ON d.account = l.account AND d.order_ref = l.order_ref AND d.con_id = l.con_id
  GROUP BY ALL
),
executed AS (
  -- An execution whose time nobody could read took place no later than it was heard.
  SELECT
    account, order_ref,
    min(coalesce(executed_at, recorded_at)) AS first_executed_at, max(coalesce(executed_at, recorded_at)) AS last_executed_at
  FROM steps
  WHERE counts
  GROUP BY ALL
),
paid AS (
  SELECT account, order_ref, sum(amount) AS commission
  FROM (
{{commissions}}
  )
  GROUP BY ALL
),
perms AS (
  SELECT account, order_ref, arg_max(perm_id, seq) AS perm_id
  FROM (
    SELECT account, order_ref, seq, perm_id FROM told WHERE kind = 'OrderAcknowledged'
    UNION ALL
    SELECT account, order_ref, seq, perm_id FROM steps
  )
  WHERE perm_id <> 0
  GROUP BY ALL
),
settlements AS (
  SELECT account, position, arg_max(value, seq) AS value, arg_max(least(recorded_at, expired_at), seq) AS settled_at
  FROM told
  WHERE kind = 'PositionSettled'
  GROUP BY ALL
),
-- Legs that were over while others lived on, and what each turned into.
expirations AS (
  SELECT
    account, position, max(expired_at) AS legs_expired_at,
    flatten(list(from_json(expired, '[{"con_id":"BIGINT","contracts":"BIGINT","worth":"DECIMAL(18,6)"}]') ORDER BY seq)) AS expired
  FROM told
  WHERE kind = 'LegsExpired'
  GROUP BY ALL
)
SELECT
  p.account, p.order_ref, p.seq, p.purpose, p.strategy, p.digest, p.snapshot, p.position,
  l.underlying, l.root, l.expiry, p.spread->>'$.structure' AS structure, l.multiplier, l.width, p.spread, p.rolled_from, l.expires_at,
  p.recorded_at AS proposed_at, f.state.event AS state, f.state.since AS changed_at,
  t.quantity, t.limit_price, p.limit_price AS first_limit, t.worst,
  -- The preview's commission counts where it is higher than the estimate; of an opening it is one of two ways.
  z.max_loss + CASE WHEN p.purpose = 'open' THEN greatest(0, 2 * t.commission_previewed - z.fees) ELSE 0 END AS max_loss,
  greatest(z.fees, CASE WHEN p.purpose = 'open' THEN 2 ELSE 1 END * t.commission_previewed) AS fees_estimated, p.reason,
  t.approved_by, p.asked_by, t.sent_at, n.perm_id, t.reprices, t.preview, t.initial_margin_change, t.why,
  coalesce(w.filled, 0) AS filled, e.first_executed_at, e.last_executed_at,
  CASE WHEN w.filled > 0 THEN (c.per_share / w.filled)::DECIMAL(18,6) END AS net_filled,
  CASE WHEN w.filled > 0 THEN (c.per_share * l.multiplier)::DECIMAL(18,4) END AS cash,
  coalesce(m.commission, 0)::DECIMAL(18,6) AS commission,
  s.value AS settled_value, s.settled_at, v.legs_expired_at, v.expired, b.legs,
  coalesce((p.spread->>'$.onward_growth')::DOUBLE, 1) AS onward_growth,
  coalesce((p.spread->>'$.onward_discount')::DOUBLE, 1) AS onward_discount
FROM told AS p
JOIN folded AS f ON f.account = p.account AND f.order_ref = p.order_ref
JOIN last_told AS t ON t.account = p.account AND t.order_ref = p.order_ref
-- Of an order that a person has made smaller, its share of what the whole could lose and cost, to the cent above.
JOIN LATERAL (
  SELECT
    CASE
      WHEN t.quantity = p.quantity THEN p.max_loss
      ELSE (ceil(p.max_loss * t.quantity / p.quantity * 100) / 100)::DECIMAL(18,4)
    END AS max_loss,
    CASE
      WHEN t.quantity = p.quantity THEN p.fees
      ELSE (ceil(p.fees * t.quantity / p.quantity * 100) / 100)::DECIMAL(18,4)
    END AS fees
) AS z ON true
LEFT JOIN (
  SELECT account, order_ref, any_value(underlying) AS underlying, any_value(root) AS root, min(expiry) AS expiry,
    any_value(multiplier) AS multiplier, max(strike) - min(strike) AS width,
    -- The last instant at which a leg settles: the opening of its day for some indexes, else 16:00 New York.
    max(make_timestamp(epoch_us(
      (expiry + CASE WHEN root IN ({{am_roots}}) THEN TIME '09:30' ELSE TIME '16:00' END) AT TIME ZONE 'America/New_York'
    ))) AS expires_at
  FROM legs
  GROUP BY account, order_ref
) AS l ON l.account = p.account AND l.order_ref = p.order_ref
LEFT JOIN settlements AS s ON s.account = p.account AND s.position = p.order_ref
LEFT JOIN expirations AS v ON v.account = p.account AND v.position = p.order_ref
LEFT JOIN whole AS w ON w.account = p.account AND w.order_ref = p.order_ref
LEFT JOIN cash AS c ON c.account = p.account AND c.order_ref = p.order_ref
LEFT JOIN by_leg AS b ON b.account = p.account AND b.order_ref = p.order_ref
LEFT JOIN executed AS e ON e.account = p.account AND e.order_ref = p.order_ref
LEFT JOIN perms AS n ON n.account = p.account AND n.order_ref = p.order_ref
LEFT JOIN paid AS m ON m.account = p.account AND m.order_ref = p.order_ref
WHERE p.kind = 'OrderProposed'
