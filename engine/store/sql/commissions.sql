-- Commissions by execution; of an execution that was corrected, the one of the correction. A journal that does not name the leg
-- has it from the execution of the same id.
WITH keyed AS (
  SELECT
    p.seq, p.recorded_at, p.account, p.order_ref, p.exec_id, p.amount,
    regexp_replace(p.exec_id, '\.[0-9]+$', '') AS head,
    coalesce(p.con_id, f.con_id) || ':' || coalesce(p.action, f.action) AS leg,
    coalesce(TRY_CAST(regexp_extract(p.exec_id, '\.([0-9]+)$', 1) AS HUGEINT), 0) AS revision
  FROM facts AS p
  LEFT JOIN (
    SELECT account, order_ref, exec_id, any_value(con_id) AS con_id, any_value(action) AS action
    FROM facts
    WHERE kind = 'LegFilled'
    GROUP BY ALL
  ) AS f ON f.account = p.account AND f.order_ref = p.order_ref AND f.exec_id = p.exec_id
  WHERE p.kind = 'CommissionReported'
)
SELECT seq, recorded_at, account, order_ref, exec_id, amount, concat_ws(':', head, leg) AS execution_key
FROM keyed
QUALIFY row_number() OVER (PARTITION BY account, order_ref, concat_ws(':', head, leg) ORDER BY revision DESC, seq DESC) = 1
