WITH known AS MATERIALIZED (
  SELECT * FROM orders
),
closings AS (
  SELECT
    account, position,
    sum(filled) AS filled,
    coalesce(sum(cash) FILTER (filled > 0), 0) AS cash,
    max(last_executed_at) FILTER (filled > 0) AS closed_at,
    arg_max(reason, seq) FILTER (filled > 0) AS reason,
    sum(commission) AS commission
  FROM known
  WHERE purpose = 'close'
  GROUP BY ALL
),
joined AS (
  SELECT
    o.*, o.filled AS opened, coalesce(c.filled, 0) AS bought_back,
    o.settled_value IS NOT NULL AND o.filled > coalesce(c.filled, 0) AS is_settled,
    coalesce(c.cash, 0) AS closing_cash, c.closed_at AS last_close, c.reason AS closing_reason,
    o.commission + coalesce(c.commission, 0) AS paid,
    greatest(
      0, (CASE WHEN o.structure IN ('bull_put', 'bear_call') THEN o.width * o.multiplier ELSE 0 END)
        - o.cash / o.filled + o.fees_estimated / o.quantity
    ) AS loss
  FROM known AS o
  LEFT JOIN closings AS c ON c.account = o.account AND c.position = o.order_ref
  WHERE o.position = o.order_ref AND o.filled > 0
),
closed AS (
  SELECT
    *,
    CASE WHEN is_settled THEN opened ELSE bought_back END AS all_closed,
    closing_cash + CASE WHEN is_settled THEN settled_value * (opened - bought_back) * multiplier ELSE 0 END AS all_cash
  FROM joined
)
SELECT
  account, order_ref AS position, strategy, digest, underlying, root, structure, expiry, multiplier, spread, rolled_from,
  first_executed_at AS opened_at, opened,
  least(all_closed, opened) AS closed,
  opened - least(all_closed, opened) AS quantity,
  greatest(0, bought_back - opened) AS excess,
  opened > all_closed AS is_open,
  net_filled AS opening_net,
  CASE WHEN all_closed > 0 THEN (all_cash / all_closed / multiplier)::DECIMAL(18,6) END AS closing_net,
  CASE
    WHEN all_closed > 0 THEN ((cash / opened + all_cash / all_closed) * least(all_closed, opened))::DECIMAL(18,4)
    ELSE 0
  END AS realised,
  paid AS fees,
  (loss * greatest(0, opened - all_closed))::DECIMAL(18,4) AS max_loss,
  (loss * opened)::DECIMAL(18,4) AS max_loss_opened,
  CASE WHEN all_closed >= opened THEN CASE WHEN is_settled THEN least(settled_at, expires_at) ELSE last_close END END AS closed_at,
  CASE WHEN is_settled THEN 'settled at expiry' ELSE coalesce(closing_reason, '') END AS close_reason
FROM closed
