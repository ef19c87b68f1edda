-- Leg executions, each once: of one execution a higher revision replaces a lower one, in whatever order they come, and a
-- later word an earlier one. An execution is known by its id, its contract and its side.
WITH keyed AS (
  SELECT
    *,
    regexp_replace(exec_id, '\.[0-9]+$', '') || ':' || con_id || ':' || action AS execution_key,
    coalesce(TRY_CAST(regexp_extract(exec_id, '\.([0-9]+)$', 1) AS HUGEINT), 0) AS revision
  FROM facts
  WHERE kind = 'LegFilled'
),
heard AS (
  SELECT *
  FROM keyed
  QUALIFY revision >= coalesce(
    max(revision) OVER (
      PARTITION BY account, order_ref, execution_key
      ORDER BY seq
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ),
    -1
  )
),
-- What was told once more in the same words is no news.
news AS (
  SELECT *
  FROM heard
  QUALIFY (exec_id, quantity, price, executed_at) IS DISTINCT FROM lag((exec_id, quantity, price, executed_at)) OVER (
    PARTITION BY account, order_ref, execution_key
    ORDER BY seq
  )
),
-- What was made for want of an execution counts until the broker tells one of that leg that was not known.
told_anew AS (
  SELECT account, order_ref, con_id, execution_key, min(seq) AS seq
  FROM news
  WHERE NOT coalesce(provisional, false)
  GROUP BY ALL
),
replaced AS (
  SELECT n.account, n.order_ref, n.execution_key, n.seq, n.quantity, min(t.seq) AS by_seq
  FROM news AS n
  JOIN told_anew AS t ON t.account = n.account AND t.order_ref = n.order_ref AND t.con_id = n.con_id AND t.seq > n.seq
  WHERE n.provisional
  GROUP BY ALL
),
taken_back AS (
  SELECT account, order_ref, by_seq, sum(quantity) AS quantity
  FROM replaced
  GROUP BY ALL
)
SELECT
  n.seq, n.recorded_at, n.account, n.order_ref, n.exec_id, n.execution_key, n.con_id, n.action, n.quantity, n.price, n.executed_at,
  n.perm_id, coalesce(n.provisional, false) AS provisional,
  n.quantity - coalesce(lag(n.quantity) OVER same, 0) - coalesce(b.quantity, 0) AS added,
  lead(n.seq) OVER same IS NULL AND r.seq IS NULL AS counts
FROM news AS n
LEFT JOIN replaced AS r ON r.account = n.account AND r.order_ref = n.order_ref AND r.seq = n.seq
LEFT JOIN taken_back AS b ON b.account = n.account AND b.order_ref = n.order_ref AND b.by_seq = n.seq
WINDOW same AS (PARTITION BY n.account, n.order_ref, n.execution_key ORDER BY n.seq)
