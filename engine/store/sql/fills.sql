WITH told AS MATERIALIZED (
  SELECT * FROM facts WHERE kind IN ('OrderProposed', 'LegFilled', 'CommissionReported')
)
SELECT
  e.account, e.executed_at, e.recorded_at, p.strategy, p.position, e.order_ref, p.purpose, e.exec_id, e.con_id,
  l.underlying, l.root, l.expiry, l.strike, l.put_call, e.action, e.quantity, e.price,
  (e.price * e.quantity * l.multiplier * CASE e.action WHEN 'sell' THEN 1 ELSE -1 END)::DECIMAL(18,4) AS cash,
  c.amount AS commission, e.provisional
FROM (
{{execution_steps}}
) AS e
JOIN told AS p ON p.kind = 'OrderProposed' AND p.account = e.account AND p.order_ref = e.order_ref
LEFT JOIN (
{{order_legs}}
) AS l ON l.account = e.account AND l.order_ref = e.order_ref AND l.con_id = e.con_id
LEFT JOIN (
{{commissions}}
) AS c ON c.account = e.account AND c.order_ref = e.order_ref AND c.execution_key = e.execution_key
WHERE e.counts
