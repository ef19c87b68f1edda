WITH legs AS MATERIALIZED (
  SELECT cid, gid::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, strike, years, forward, bid, ask, iv, delta, worth, fee, exchange_fee
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
    AND open_interest BETWEEN $n4 AND 1e308
    AND (((ask - bid)) <= ($n5 * ((bid + ask) / 2)) + 1e-9 OR ((ask - bid)) <= $n5 + 1e-9)
    AND quote_age <= $n6
),
pairs AS (
  SELECT s.cid AS s_cid, l.cid AS l_cid, s.strike AS s_strike, l.strike AS l_strike, s.years AS s_years, l.years AS l_years, s.forward AS s_forward, l.forward AS l_forward, s.bid AS s_bid, l.bid AS l_bid, s.ask AS s_ask, l.ask AS l_ask, s.iv AS s_iv, l.iv AS l_iv, s.delta AS s_delta, l.delta AS l_delta, s.worth AS s_worth, l.worth AS l_worth, s.fee AS s_fee, l.fee AS l_fee, s.exchange_fee AS s_exchange_fee, l.exchange_fee AS l_exchange_fee
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE bid > 0 AND abs(delta) BETWEEN $short_delta_low AND $short_delta_high) s
  JOIN legs l
    ON s.met = l.bucket
   AND s.strike - l.strike BETWEEN $width_low AND $width_high
),
priced_1 AS (
  SELECT *,
    s_strike - l_strike AS W,
    ((s_bid + s_ask) - (l_bid + l_ask)) / 2 AS net,
    2 * (greatest(s_fee + l_fee, $minimum_fee) + s_exchange_fee + l_exchange_fee) AS fees
  FROM pairs
),
priced_2 AS (
  SELECT *,
    100 * (W - net) AS max_loss,
    net - fees / 100 AS kept,
    100 * (net + l_worth - s_worth) - fees AS expected_value
  FROM priced_1
),
priced_3 AS (
  SELECT *,
    s_strike - kept AS breakeven_after_fees,
    s_iv + (l_iv - s_iv) * kept / W AS breakeven_iv
  FROM priced_2
),
priced_4 AS (
  SELECT *,
    CASE WHEN kept > 1e-9 THEN (-(ln(breakeven_after_fees / s_forward) + breakeven_iv * breakeven_iv / 2 * s_years)) / (breakeven_iv * sqrt(s_years)) WHEN s_iv + l_iv + s_forward <= 1e308 THEN -1e+300 END AS pop_z
  FROM priced_3
),
priced AS (
  SELECT *,
    (expected_value / max_loss) AS score
  FROM priced_4
)
SELECT s_cid, l_cid, score
FROM priced
WHERE net > 1e-9
  AND net < W - 1e-9
  AND net >= ($n1 * W) - 1e-9
  AND pop_z BETWEEN $n2 - 1e-9 AND 1e308
  AND (expected_value > $n3 + 1e-9 AND expected_value <= 1e308)
  AND score <= 1e308
ORDER BY round(score, 10) DESC, s_cid, l_cid
LIMIT $keep
