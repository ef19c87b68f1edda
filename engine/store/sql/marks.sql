-- What closing each open position would bring at mid, + received and - paid: on each day, at the last archived snapshot in which
-- every leg that is held was quoted. `mark` is that of one combination of its first part, USD per share, `unrealised` that of all
-- of it. A leg that would be sold brings nothing where nobody bids, one that is bought back costs its ask; above 0.50 a missing bid
-- is not believed. `marked_at` is when the oldest of these quotes was told.
-- A filter on "date" reads only the archive of those days.
WITH open_positions AS MATERIALIZED (
  SELECT account, position, strategy, opened_at, quantity, multiplier, lots, parts[1].legs AS first_legs FROM positions WHERE is_open
),
held AS MATERIALIZED (
  SELECT
    h.account, h.position, h.opened_at, h.lot.con_id AS con_id, h.lot.held AS held, h.lot.opening_price AS opening_price,
    CASE h.lot.action WHEN 'buy' THEN 1 ELSE -1 END AS sign, coalesce(f.ratio, 0) AS ratio,
    count(*) OVER (PARTITION BY h.account, h.position) AS legs
  FROM (SELECT account, position, opened_at, unnest(lots) AS lot FROM open_positions) AS h
  LEFT JOIN (
    SELECT account, position, leg.con_id AS con_id, leg.ratio AS ratio
    FROM (SELECT account, position, unnest(first_legs) AS leg FROM open_positions)
  ) AS f ON f.account = h.account AND f.position = h.position AND f.con_id = h.lot.con_id
  WHERE h.lot.held > 0
),
priced AS (
  SELECT
    q.account, q."date", h.position, q.as_of, h.legs, h.sign * h.ratio AS brings, h.sign * h.held AS owned, h.opening_price,
    CASE WHEN q.bid > 0 THEN (q.bid + q.ask) / 2 WHEN h.sign > 0 THEN 0 ELSE q.ask END AS price,
    -- It does not matter when nobody was found to bid.
    CASE WHEN q.bid > 0 OR h.sign < 0 THEN q.age_s END AS age_s
  FROM quotes AS q
  JOIN held AS h ON h.account = q.account AND h.con_id = q.con_id AND h.opened_at <= q.as_of
  WHERE q.ask > 0 AND coalesce(q.bid, 0) <= q.ask AND (q.bid > 0 OR q.ask <= 0.50)
),
marked AS (
  SELECT
    account, "date", position, as_of,
    sum(brings * price) AS mark, sum(owned * (price - opening_price)) AS made, coalesce(max(age_s), 0) AS age_s
  FROM priced
  GROUP BY account, "date", position, as_of, legs
  HAVING count(*) = legs
),
lasts AS (
  SELECT
    account, "date", position,
    max(as_of) AS as_of, arg_max(mark, as_of) AS mark, arg_max(made, as_of) AS made, arg_max(age_s, as_of) AS age_s
  FROM marked
  GROUP BY ALL
)
SELECT
  m.account, m.position, p.strategy, m."date", m.as_of, m.as_of - to_seconds(m.age_s) AS marked_at, p.quantity,
  m.mark::DECIMAL(18,6) AS mark,
  (m.made * p.multiplier)::DECIMAL(18,4) AS unrealised
FROM lasts AS m
JOIN open_positions AS p ON p.account = m.account AND p.position = m.position
