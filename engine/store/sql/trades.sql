-- One row for each position that was ever opened. What is made on the open part is not in it: that is in marks.
SELECT
  account, position, rolled_from, rolls, strategy, underlying, root, structure, expiry, opened_at, closed_at,
  date_diff('day', opened_at, closed_at) AS days_held,
  opened AS quantity, is_open, opening_net, closing_net, realised, fees,
  (realised - fees)::DECIMAL(18,4) AS pnl,
  max_loss_opened AS max_loss,
  CASE WHEN max_loss_opened > 0 THEN (realised - fees) / max_loss_opened END AS return_on_risk,
  close_reason
FROM positions
