-- Leg executions without repeats; a corrected execution follows the one it corrects under the same execution_key.
WITH keyed AS (
  SELECT *, regexp_replace(exec_id, '\.[^.]*$', '') AS execution_key
  FROM facts
  WHERE kind = 'LegFilled'
),
heard AS (
  SELECT *
  FROM keyed
  WINDOW same AS (PARTITION BY account, order_ref, execution_key ORDER BY seq)
  QUALIFY exec_id IS DISTINCT FROM lag(exec_id) OVER same
)
SELECT
  seq, recorded_at, account, order_ref, exec_id, execution_key, con_id, action, quantity, price, executed_at, perm_id,
  quantity - coalesce(lag(quantity) OVER same, 0) AS added,
  lead(seq) OVER same IS NULL AS counts
FROM heard
WINDOW same AS (PARTITION BY account, order_ref, execution_key ORDER BY seq)
