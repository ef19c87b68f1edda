WITH legs AS MATERIALIZED (
  SELECT row_id, group_id::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, strike, years, forward, bid, ask, iv, delta, worth, fee, exchange_fee
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
  SELECT short.row_id AS short_row_id, long.row_id AS long_row_id, short.strike AS short_strike, long.strike AS long_strike, short.years AS short_years, long.years AS long_years, short.forward AS short_forward, long.forward AS long_forward, short.bid AS short_bid, long.bid AS long_bid, short.ask AS short_ask, long.ask AS long_ask, short.iv AS short_iv, long.iv AS long_iv, short.delta AS short_delta, long.delta AS long_delta, short.worth AS short_worth, long.worth AS long_worth, short.fee AS short_fee, long.fee AS long_fee, short.exchange_fee AS short_exchange_fee, long.exchange_fee AS long_exchange_fee
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE bid > 0 AND abs(delta) BETWEEN $short_delta_low AND $short_delta_high) short
  JOIN legs long
    ON short.met = long.bucket
   AND short.strike - long.strike BETWEEN $width_low AND $width_high
),
priced_1 AS (
  SELECT *,
    short_strike - long_strike AS width,
    ((short_bid + short_ask) - (long_bid + long_ask)) / 2 AS net,
    2 * (greatest(short_fee + long_fee, $minimum_fee) + short_exchange_fee + long_exchange_fee) AS fees
  FROM pairs
),
priced_2 AS (
  SELECT *,
    100 * (width - net) AS max_loss,
    net - fees / 100 AS kept,
    100 * (net + long_worth - short_worth) - fees AS expected_value
  FROM priced_1
),
priced_3 AS (
  SELECT *,
    short_strike - kept AS breakeven_after_fees,
    short_iv + (long_iv - short_iv) * kept / width AS breakeven_iv
  FROM priced_2
),
priced_4 AS (
  SELECT *,
    CASE WHEN kept > 1e-9 THEN (-(ln(breakeven_after_fees / short_forward) + breakeven_iv * breakeven_iv / 2 * short_years)) / (breakeven_iv * sqrt(short_years)) WHEN short_iv + long_iv + short_forward <= 1e308 THEN -1e+300 END AS pop_z
  FROM priced_3
),
priced AS (
  SELECT *,
    (expected_value / max_loss) AS score
  FROM priced_4
)
SELECT short_row_id, long_row_id, score
FROM priced
WHERE net > 1e-9
  AND net < width - 1e-9
  AND net >= ($n1 * width) - 1e-9
  AND pop_z BETWEEN $n2 - 1e-9 AND 1e308
  AND (expected_value > $n3 + 1e-9 AND expected_value <= 1e308)
  AND score <= 1e308
ORDER BY round(score, 10) DESC, short_row_id, long_row_id
LIMIT $keep
