WITH legs AS MATERIALIZED (
  SELECT row_id, underlying_id, group_id, strike, years, forward, bid, ask, iv, delta, fee, exchange_fee
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
pairs AS (
  SELECT short.row_id AS short_row_id, long.row_id AS long_row_id, short.underlying_id AS underlying_id, short.strike AS short_strike, long.strike AS long_strike, short.years AS short_years, long.years AS long_years, short.forward AS short_forward, long.forward AS long_forward, short.bid AS short_bid, long.bid AS long_bid, short.ask AS short_ask, long.ask AS long_ask, short.iv AS short_iv, long.iv AS long_iv, short.delta AS short_delta, long.delta AS long_delta, short.fee AS short_fee, long.fee AS long_fee, short.exchange_fee AS short_exchange_fee, long.exchange_fee AS long_exchange_fee
  FROM (SELECT * FROM legs WHERE bid > 0 AND abs(delta) BETWEEN $short_delta_low AND $short_delta_high) short
  JOIN legs long
    ON short.group_id = long.group_id
   AND short.strike - long.strike BETWEEN $width_low AND $width_high
),
lean_1 AS (
  SELECT *,
    short_strike - long_strike AS width,
    ((short_bid + short_ask) - (long_bid + long_ask)) / 2 AS net,
    2 * (greatest(short_fee + long_fee, $minimum_fee) + short_exchange_fee + long_exchange_fee) AS fees
  FROM pairs
),
lean_2 AS (
  SELECT *,
    net - fees / 100 AS kept
  FROM lean_1
),
lean_3 AS (
  SELECT *,
    short_strike - kept AS breakeven_after_fees,
    short_iv + (long_iv - short_iv) * kept / width AS breakeven_iv
  FROM lean_2
),
lean_4 AS (
  SELECT *,
    CASE WHEN kept > 1e-9 THEN (-(ln(breakeven_after_fees / short_forward) + breakeven_iv * breakeven_iv / 2 * short_years)) / (breakeven_iv * sqrt(short_years)) WHEN short_iv + long_iv + short_forward <= 1e308 THEN -1e+300 END AS pop_z
  FROM lean_3
),
sieved AS MATERIALIZED (
  SELECT short_row_id, long_row_id, underlying_id, pop_z
  FROM lean_4
  WHERE net > 1e-9
    AND net < width - 1e-9
    AND pop_z BETWEEN $n1 - 1e-9 AND 1e308
),
priced_1 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, underlying_id, pop_z,
    least(abs(pop_z), 40e0) AS pop_size
  FROM sieved
),
priced_2 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, underlying_id,
    CASE WHEN pop_z <= 1e308 THEN abs((pop_z > 0)::DOUBLE - exp(-pop_size * pop_size / 2) * CASE WHEN pop_size < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * pop_size + 0.700383064443688e0) * pop_size + 6.37396220353165e0) * pop_size + 33.912866078383e0) * pop_size + 112.079291497871e0) * pop_size + 221.213596169931e0) * pop_size + 220.206867912376e0) / (((((((0.0883883476483184e0 * pop_size + 1.75566716318264e0) * pop_size + 16.064177579207e0) * pop_size + 86.7807322029461e0) * pop_size + 296.564248779674e0) * pop_size + 637.333633378831e0) * pop_size + 793.826512519948e0) * pop_size + 440.413735824752e0) ELSE 1 / (pop_size + 1 / (pop_size + 2 / (pop_size + 3 / (pop_size + 4 / (pop_size + 0.65e0))))) / 2.506628274631e0 END) END AS pop
  FROM priced_1
),
priced AS (
  SELECT *,
    pop AS score
  FROM priced_2
)
SELECT short_row_id, long_row_id, score
FROM priced
WHERE score <= 1e308
QUALIFY row_number() OVER (PARTITION BY underlying_id ORDER BY round(score, 10) DESC, short_row_id, long_row_id) <= $keep
ORDER BY round(score, 10) DESC, short_row_id, long_row_id
