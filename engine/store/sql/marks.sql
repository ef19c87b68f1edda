-- What closing one spread of each open position would bring at mid, + received and - paid, USD per share: on each day, at the last
-- archived snapshot in which every leg was quoted on both sides. `marked_at` is when the oldest of these quotes was told.
-- A filter on "date" reads only the archive of those days.
WITH open_legs AS MATERIALIZED (
  SELECT
    p.account, p.position, p.strategy, p.opened_at, p.quantity, p.multiplier, p.opening_net, l.con_id,
    CASE l.action WHEN 'sell' THEN -l.ratio ELSE l.ratio END AS brings,
    count(*) OVER (PARTITION BY p.account, p.position) AS legs
  FROM positions AS p
  JOIN order_legs AS l ON l.account = p.account AND l.order_ref = p.position
  WHERE p.is_open
),
marked AS (
  SELECT
    q.account, q."date", o.position, o.strategy, o.quantity, o.multiplier, o.opening_net, q.as_of,
    sum(o.brings * (q.bid + q.ask) / 2) AS mark, max(q.age_s) AS age_s
  FROM quotes AS q
  JOIN open_legs AS o ON o.account = q.account AND o.con_id = q.con_id AND o.opened_at <= q.as_of
  WHERE q.bid <= q.ask
  GROUP BY q.account, q."date", o.position, o.strategy, o.quantity, o.multiplier, o.opening_net, o.legs, q.as_of
  HAVING count(*) = o.legs
),
lasts AS (
  SELECT
    account, "date", position, strategy, quantity, multiplier, opening_net,
    max(as_of) AS as_of, arg_max(mark, as_of) AS mark, arg_max(age_s, as_of) AS age_s
  FROM marked
  GROUP BY ALL
)
SELECT
  account, position, strategy, "date", as_of, as_of - to_seconds(age_s) AS marked_at, quantity,
  mark::DECIMAL(18,6) AS mark,
  ((opening_net + mark) * quantity * multiplier)::DECIMAL(18,4) AS unrealised
FROM lasts
