SELECT
  e.account, e.executed_at, e.recorded_at, p.strategy, p.position, e.order_ref, p.purpose, e.exec_id, e.con_id,
  l.underlying, l.root, l.expiry, l.strike, l.put_call, e.action, e.quantity, e.price,
  (e.price * e.quantity * l.multiplier * CASE e.action WHEN 'sell' THEN 1 ELSE -1 END)::DECIMAL(18,4) AS cash,
  c.commission
FROM execution_steps AS e
JOIN facts AS p ON p.kind = 'OrderProposed' AND p.account = e.account AND p.order_ref = e.order_ref
LEFT JOIN order_legs AS l ON l.account = e.account AND l.order_ref = e.order_ref AND l.con_id = e.con_id
LEFT JOIN (
  SELECT account, order_ref, exec_id, arg_max(amount, seq) AS commission
  FROM facts
  WHERE kind = 'CommissionReported'
  GROUP BY ALL
) AS c ON c.account = e.account AND c.order_ref = e.order_ref AND c.exec_id = e.exec_id
WHERE e.counts
