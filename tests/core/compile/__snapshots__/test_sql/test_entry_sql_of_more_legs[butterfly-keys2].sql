WITH legs AS MATERIALIZED (
  SELECT row_id, group_id::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, group_id::BIGINT * 4294967296 + round(1000 * (strike))::BIGINT AS place, strike, years, forward, bid, ask, iv, delta, worth, fee, exchange_fee
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
    AND open_interest BETWEEN $n3 AND 1e308
),
halves AS (
  SELECT body.row_id AS body_row_id, lower.row_id AS lower_row_id, 2 * body.place - lower.place AS third, body.strike AS body_strike, lower.strike AS lower_strike, body.years AS body_years, lower.years AS lower_years, body.forward AS body_forward, lower.forward AS lower_forward, body.bid AS body_bid, lower.bid AS lower_bid, body.ask AS body_ask, lower.ask AS lower_ask, body.iv AS body_iv, lower.iv AS lower_iv, body.delta AS body_delta, lower.delta AS lower_delta, body.worth AS body_worth, lower.worth AS lower_worth, body.fee AS body_fee, lower.fee AS lower_fee, body.exchange_fee AS body_exchange_fee, lower.exchange_fee AS lower_exchange_fee
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE bid > 0 AND abs(delta) BETWEEN $body_delta_low AND $body_delta_high) body
  JOIN legs lower
    ON body.met = lower.bucket
   AND body.strike - lower.strike BETWEEN $width_low AND $width_high
),
pairs AS (
  SELECT halves.*, upper.row_id AS upper_row_id, upper.strike AS upper_strike, upper.years AS upper_years, upper.forward AS upper_forward, upper.bid AS upper_bid, upper.ask AS upper_ask, upper.iv AS upper_iv, upper.delta AS upper_delta, upper.worth AS upper_worth, upper.fee AS upper_fee, upper.exchange_fee AS upper_exchange_fee
  FROM halves
  JOIN legs upper
    ON halves.third = upper.place
),
lean_1 AS (
  SELECT *,
    (2 * (body_bid + body_ask) - (lower_bid + lower_ask) - (upper_bid + upper_ask)) / 2 AS net,
    2 * (greatest(lower_fee + 2 * body_fee + upper_fee, $minimum_fee) + lower_exchange_fee + 2 * body_exchange_fee + upper_exchange_fee) AS fees,
    body_strike - lower_strike AS cap,
    least(0e0, 2 * body_strike - lower_strike - upper_strike) AS floor
  FROM pairs
),
lean_2 AS (
  SELECT *,
    -100 * (floor + net) AS max_loss,
    100 * (net + lower_worth + upper_worth - 2 * body_worth) - fees AS expected_value
  FROM lean_1
),
sieved AS MATERIALIZED (
  SELECT lower_row_id, body_row_id, upper_row_id, lower_strike, body_strike, upper_strike, lower_years, lower_forward, lower_iv, body_iv, upper_iv, net, fees, max_loss, expected_value
  FROM lean_2
  WHERE cap + net > 1e-9
    AND floor + net < -1e-9
    AND max_loss <= $n1 + 1e-9
    AND (abs(body_delta)) <= $n2 + 1e-9
    AND (expected_value / max_loss) <= 1e308
),
priced_1 AS (
  SELECT *,
    net - fees / 100 AS kept
  FROM sieved
),
priced_2 AS (
  SELECT *,
    CASE WHEN kept <= 1e-9 AND kept + (body_strike - lower_strike) > 1e-9 THEN lower_strike - (kept) END AS zero_1,
    CASE WHEN kept + (body_strike - lower_strike) > 1e-9 AND kept + (2 * body_strike - lower_strike - upper_strike) <= 1e-9 THEN body_strike + (kept + (body_strike - lower_strike)) END AS zero_2
  FROM priced_1
),
priced_3 AS (
  SELECT *,
    lower_iv + (body_iv - lower_iv) * (zero_1 - lower_strike) / (body_strike - lower_strike) AS zero_iv_1,
    body_iv + (upper_iv - body_iv) * (zero_2 - body_strike) / (upper_strike - body_strike) AS zero_iv_2
  FROM priced_2
),
priced_4 AS (
  SELECT *,
    CASE WHEN lower_years > 0 THEN (ln(zero_1 / lower_forward) + zero_iv_1 * zero_iv_1 / 2 * lower_years) / (zero_iv_1 * sqrt(lower_years)) END AS zero_z_1,
    CASE WHEN lower_years > 0 THEN (ln(zero_2 / lower_forward) + zero_iv_2 * zero_iv_2 / 2 * lower_years) / (zero_iv_2 * sqrt(lower_years)) END AS zero_z_2
  FROM priced_3
),
priced_5 AS MATERIALIZED (
  SELECT lower_row_id, body_row_id, upper_row_id, lower_strike, body_strike, upper_strike, lower_years, lower_forward, lower_iv, body_iv, upper_iv, max_loss, expected_value, kept, zero_z_1, zero_z_2,
    least(abs(zero_z_1), 40e0) AS zero_size_1,
    least(abs(zero_z_2), 40e0) AS zero_size_2
  FROM priced_4
),
priced_6 AS MATERIALIZED (
  SELECT lower_row_id, body_row_id, upper_row_id, lower_strike, body_strike, upper_strike, lower_years, lower_forward, lower_iv, body_iv, upper_iv, max_loss, expected_value, kept,
    CASE WHEN zero_z_1 <= 1e308 THEN abs((zero_z_1 > 0)::DOUBLE - exp(-zero_size_1 * zero_size_1 / 2) * CASE WHEN zero_size_1 < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * zero_size_1 + 0.700383064443688e0) * zero_size_1 + 6.37396220353165e0) * zero_size_1 + 33.912866078383e0) * zero_size_1 + 112.079291497871e0) * zero_size_1 + 221.213596169931e0) * zero_size_1 + 220.206867912376e0) / (((((((0.0883883476483184e0 * zero_size_1 + 1.75566716318264e0) * zero_size_1 + 16.064177579207e0) * zero_size_1 + 86.7807322029461e0) * zero_size_1 + 296.564248779674e0) * zero_size_1 + 637.333633378831e0) * zero_size_1 + 793.826512519948e0) * zero_size_1 + 440.413735824752e0) ELSE 1 / (zero_size_1 + 1 / (zero_size_1 + 2 / (zero_size_1 + 3 / (zero_size_1 + 4 / (zero_size_1 + 0.65e0))))) / 2.506628274631e0 END) ELSE 0e0 END AS below_1,
    CASE WHEN zero_z_2 <= 1e308 THEN abs((zero_z_2 > 0)::DOUBLE - exp(-zero_size_2 * zero_size_2 / 2) * CASE WHEN zero_size_2 < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * zero_size_2 + 0.700383064443688e0) * zero_size_2 + 6.37396220353165e0) * zero_size_2 + 33.912866078383e0) * zero_size_2 + 112.079291497871e0) * zero_size_2 + 221.213596169931e0) * zero_size_2 + 220.206867912376e0) / (((((((0.0883883476483184e0 * zero_size_2 + 1.75566716318264e0) * zero_size_2 + 16.064177579207e0) * zero_size_2 + 86.7807322029461e0) * zero_size_2 + 296.564248779674e0) * zero_size_2 + 637.333633378831e0) * zero_size_2 + 793.826512519948e0) * zero_size_2 + 440.413735824752e0) ELSE 1 / (zero_size_2 + 1 / (zero_size_2 + 2 / (zero_size_2 + 3 / (zero_size_2 + 4 / (zero_size_2 + 0.65e0))))) / 2.506628274631e0 END) ELSE 0e0 END AS below_2
  FROM priced_5
),
priced_7 AS (
  SELECT *,
    CASE WHEN lower_iv + body_iv + upper_iv + lower_forward <= 1e308 AND lower_years > 0 THEN greatest(0e0, least(1e0, CASE WHEN kept + (2 * body_strike - lower_strike - upper_strike) > 1e-9 THEN 1e0 ELSE 0e0 END - below_1 + below_2)) END AS pop
  FROM priced_6
),
priced AS (
  SELECT *,
    (expected_value / max_loss) AS score
  FROM priced_7
)
SELECT lower_row_id, body_row_id, upper_row_id, score
FROM priced
WHERE pop BETWEEN $n2 - 1e-9 AND 1e308
  AND score <= 1e308
ORDER BY round(score, 10) DESC, lower_row_id, body_row_id, upper_row_id
LIMIT $keep
