-- Commissions by execution; of an execution that was corrected, the one of the correction.
SELECT
  seq, recorded_at, account, order_ref, exec_id, amount,
  regexp_replace(exec_id, '\.[0-9]+$', '') AS execution_key
FROM facts
WHERE kind = 'CommissionReported'
QUALIFY row_number() OVER (
  PARTITION BY account, order_ref, regexp_replace(exec_id, '\.[0-9]+$', '')
  ORDER BY coalesce(TRY_CAST(regexp_extract(exec_id, '\.([0-9]+)$', 1) AS HUGEINT), 0) DESC, seq DESC
) = 1
