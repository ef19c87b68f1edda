WITH legs AS MATERIALIZED (
  SELECT row_id, (class_id::BIGINT * 2 + (put_call > 0)::BIGINT) * 2147483648 + floor(strike / $reach)::BIGINT AS met_by, dte AS days, (dte BETWEEN $near_low AND $near_high) AS is_near, (dte BETWEEN $far_low AND $far_high) AS is_far, strike, years, forward, discount, bid, ask, iv, delta, theta, is_american
  FROM chain
  WHERE put_call = $put_call
    AND (dte BETWEEN $near_low AND $near_high OR dte BETWEEN $far_low AND $far_high)
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
best AS MATERIALIZED (
  WITH pairs AS (
    SELECT near.row_id AS near_row_id, far.row_id AS far_row_id, near.strike AS near_strike, far.strike AS far_strike, near.bid AS near_bid, far.bid AS far_bid, near.ask AS near_ask, far.ask AS far_ask, near.theta AS near_theta, far.theta AS far_theta
    FROM (SELECT *, unnest([met_by, met_by - 1]) AS met FROM legs WHERE is_near AND bid > 0 AND abs(delta) BETWEEN $near_delta_low AND $near_delta_high) near
    JOIN legs far
      ON near.met = far.met_by
     AND far.is_far
     AND far.days > near.days
     AND near.strike - far.strike BETWEEN $width_low AND $width_high
  ),
  priced AS (
    SELECT *,
      ($n2 * ((far_theta - near_theta))) AS score
    FROM pairs
  )
  SELECT near_row_id, far_row_id, score
  FROM priced
  WHERE (((near_ask - near_bid) + (far_ask - far_bid))) <= $n1 + 1e-9
    AND score <= 1e308
  ORDER BY round(score, 10) DESC, near_row_id, far_row_id
  LIMIT $best_rows
),
pairs AS (
  SELECT best.*, cells.strike[near_row_id + 1] AS near_strike, cells.strike[far_row_id + 1] AS far_strike, cells.years[near_row_id + 1] AS near_years, cells.years[far_row_id + 1] AS far_years, cells.forward[near_row_id + 1] AS near_forward, cells.forward[far_row_id + 1] AS far_forward, cells.discount[near_row_id + 1] AS near_discount, cells.discount[far_row_id + 1] AS far_discount, cells.bid[near_row_id + 1] AS near_bid, cells.bid[far_row_id + 1] AS far_bid, cells.ask[near_row_id + 1] AS near_ask, cells.ask[far_row_id + 1] AS far_ask, cells.iv[near_row_id + 1] AS near_iv, cells.iv[far_row_id + 1] AS far_iv, cells.is_american[near_row_id + 1] AS near_is_american, cells.is_american[far_row_id + 1] AS far_is_american
  FROM best, cells
),
lean_1 AS (
  SELECT *,
    ((near_bid + near_ask) - (far_bid + far_ask)) / 2 AS net,
    far_forward / near_forward AS onward_growth,
    far_discount / near_discount AS onward_discount
  FROM pairs
),
lean_2 AS (
  SELECT *,
    CASE WHEN near_is_american THEN 1e0 ELSE onward_growth END AS bound_growth,
    CASE WHEN near_is_american THEN 1e0 ELSE onward_discount END AS bound_discount
  FROM lean_1
),
lean_3 AS (
  SELECT *,
    least((greatest(0e0, -bound_discount * (bound_growth * (0e0) - far_strike)) - greatest(0e0, -((0e0) - near_strike))), (greatest(0e0, -bound_discount * (bound_growth * (near_strike) - far_strike)) - greatest(0e0, -((near_strike) - near_strike))), (greatest(0e0, -bound_discount * (bound_growth * (far_strike / bound_growth) - far_strike)) - greatest(0e0, -((far_strike / bound_growth) - near_strike))), (greatest(0e0, -bound_discount * (bound_growth * (2 * greatest(near_strike, far_strike)) - far_strike)) - greatest(0e0, -((2 * greatest(near_strike, far_strike)) - near_strike)))) AS floor
  FROM lean_2
),
sieved AS MATERIALIZED (
  SELECT near_row_id, far_row_id, score, near_strike, far_strike, near_years, far_years, far_iv, near_is_american, net, onward_growth, onward_discount
  FROM lean_3
  WHERE floor + net < -1e-9
    AND (NOT near_is_american OR -(near_strike - far_strike) <= 1e-9 OR -(near_strike - far_strike) + net > 1e-9)
),
priced_1 AS (
  SELECT *,
    far_years - near_years AS onward_years
  FROM sieved
),
priced_2 AS MATERIALIZED (
  SELECT near_row_id, far_row_id, score, near_strike, far_strike, near_is_american, net, onward_growth, onward_discount,
    CASE WHEN far_iv > 0 AND far_iv <= 1e308 AND onward_years > 0 THEN far_iv * sqrt(onward_years) END AS far_deviation
  FROM priced_1
),
priced_3 AS MATERIALIZED (
  SELECT near_row_id, far_row_id, score, net,
    peak_of_put(onward_growth, onward_discount, near_is_american, near_strike, far_strike, far_deviation) AS peak
  FROM priced_2
),
priced AS (
  SELECT *
  FROM priced_3
),
found AS MATERIALIZED (
  SELECT near_row_id, far_row_id, score
  FROM priced
  WHERE peak + net > 1e-9
    AND peak <= 1e308
  ORDER BY round(score, 10) DESC, near_row_id, far_row_id
  LIMIT $keep
),
left_out AS (
  SELECT CASE WHEN count(*) >= $best_rows AND (SELECT count(*) FROM found) < $keep THEN min(score) END AS possible
  FROM best
)
SELECT near_row_id, far_row_id, score, possible
FROM left_out
LEFT JOIN found
  ON TRUE
ORDER BY round(score, 10) DESC, near_row_id, far_row_id;
