WITH known AS MATERIALIZED (
  SELECT * FROM orders
),
closings AS (
  SELECT
    account, position,
    sum(filled) AS filled,
    coalesce(sum(cash) FILTER (filled > 0), 0) AS cash,
    max(changed_at) FILTER (filled > 0) AS closed_at,
    arg_max(reason, seq) FILTER (filled > 0) AS reason,
    sum(commission) AS commission
  FROM known
  WHERE purpose = 'close'
  GROUP BY ALL
),
settlements AS (
  SELECT account, position, arg_max(value, seq) AS value, arg_max(recorded_at, seq) AS settled_at
  FROM facts
  WHERE kind = 'PositionSettled'
  GROUP BY ALL
),
first_fills AS (
  SELECT account, order_ref, min(executed_at) AS opened_at
  FROM execution_steps
  WHERE counts
  GROUP BY ALL
),
joined AS (
  SELECT
    o.*, f.opened_at, o.filled AS opened, coalesce(c.filled, 0) AS ordered_closed,
    s.value IS NOT NULL AND o.filled > coalesce(c.filled, 0) AS is_settled,
    s.value, s.settled_at, c.cash AS closing_cash, c.closed_at AS last_close, c.reason AS closing_reason,
    o.commission + coalesce(c.commission, 0) AS paid
  FROM known AS o
  JOIN first_fills AS f ON f.account = o.account AND f.order_ref = o.order_ref
  LEFT JOIN closings AS c ON c.account = o.account AND c.position = o.order_ref
  LEFT JOIN settlements AS s ON s.account = o.account AND s.position = o.order_ref
  WHERE o.position = o.order_ref AND o.filled > 0
),
closed AS (
  SELECT
    *,
    CASE WHEN is_settled THEN opened ELSE ordered_closed END AS all_closed,
    coalesce(closing_cash, 0)
      + CASE WHEN is_settled THEN value * (opened - ordered_closed) * multiplier ELSE 0 END AS all_cash
  FROM joined
)
SELECT
  account, order_ref AS position, strategy, digest, underlying, root, structure, expiry, multiplier, spread, opened_at, opened,
  least(all_closed, opened) AS closed,
  opened - least(all_closed, opened) AS quantity,
  opened > all_closed AS is_open,
  net_filled AS opening_net,
  CASE WHEN all_closed > 0 THEN (all_cash / all_closed / multiplier)::DECIMAL(18,6) END AS closing_net,
  CASE
    WHEN all_closed > 0 THEN ((cash / opened + all_cash / all_closed) * least(all_closed, opened))::DECIMAL(18,4)
    ELSE 0
  END AS realised,
  paid AS fees,
  (max_loss / quantity * greatest(0, opened - all_closed))::DECIMAL(18,4) AS max_loss,
  (max_loss / quantity * opened)::DECIMAL(18,4) AS max_loss_opened,
  CASE WHEN all_closed >= opened THEN CASE WHEN is_settled THEN settled_at ELSE last_close END END AS closed_at,
  CASE WHEN is_settled THEN 'settled at expiry' ELSE coalesce(closing_reason, '') END AS close_reason
FROM closed
