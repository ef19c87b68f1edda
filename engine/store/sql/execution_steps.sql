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
)
SELECT
  seq, recorded_at, account, order_ref, exec_id, execution_key, con_id, action, quantity, price, executed_at, perm_id,
  quantity - coalesce(lag(quantity) OVER same, 0) AS added,
  lead(seq) OVER same IS NULL AS counts
FROM news
WINDOW same AS (PARTITION BY account, order_ref, execution_key ORDER BY seq)
