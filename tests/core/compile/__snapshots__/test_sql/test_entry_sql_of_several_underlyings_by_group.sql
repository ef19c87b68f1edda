WITH legs AS MATERIALIZED (
  SELECT cid, u, gid, strike, years, forward, bid, ask, iv, delta, fee, exchange_fee
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
pairs AS (
  SELECT s.cid AS s_cid, l.cid AS l_cid, s.u AS u, s.strike AS s_strike, l.strike AS l_strike, s.years AS s_years, l.years AS l_years, s.forward AS s_forward, l.forward AS l_forward, s.bid AS s_bid, l.bid AS l_bid, s.ask AS s_ask, l.ask AS l_ask, s.iv AS s_iv, l.iv AS l_iv, s.delta AS s_delta, l.delta AS l_delta, s.fee AS s_fee, l.fee AS l_fee, s.exchange_fee AS s_exchange_fee, l.exchange_fee AS l_exchange_fee
  FROM (SELECT * FROM legs WHERE bid > 0 AND abs(delta) BETWEEN $short_delta_low AND $short_delta_high) s
  JOIN legs l
    ON s.gid = l.gid
   AND s.strike - l.strike BETWEEN $width_low AND $width_high
),
priced_1 AS MATERIALIZED (
  SELECT *,
    s_strike - l_strike AS W,
    ((s_bid + s_ask) - (l_bid + l_ask)) / 2 AS net,
    2 * (greatest(s_fee + l_fee, $minimum_fee) + s_exchange_fee + l_exchange_fee) AS fees
  FROM pairs
),
priced_2 AS MATERIALIZED (
  SELECT *,
    net - fees / 100 AS kept
  FROM priced_1
),
priced_3 AS MATERIALIZED (
  SELECT *,
    s_strike - kept AS breakeven_after_fees,
    s_iv + (l_iv - s_iv) * kept / W AS breakeven_iv
  FROM priced_2
),
priced_4 AS MATERIALIZED (
  SELECT *,
    CASE WHEN kept > 1e-9 THEN (-(ln(breakeven_after_fees / s_forward) + breakeven_iv * breakeven_iv / 2 * s_years)) / (breakeven_iv * sqrt(s_years)) WHEN s_iv + l_iv + s_forward <= 1e308 THEN -1e+300 END AS pop_z
  FROM priced_3
),
priced_5 AS MATERIALIZED (
  SELECT *,
    CASE WHEN pop_z <= 1e308 THEN CASE WHEN pop_z > 0 THEN 1 - CASE WHEN abs(pop_z) > 37 THEN 0e0 ELSE exp(-abs(pop_z) * abs(pop_z) / 2) * CASE WHEN abs(pop_z) < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * abs(pop_z) + 0.700383064443688e0) * abs(pop_z) + 6.37396220353165e0) * abs(pop_z) + 33.912866078383e0) * abs(pop_z) + 112.079291497871e0) * abs(pop_z) + 221.213596169931e0) * abs(pop_z) + 220.206867912376e0) / (((((((0.0883883476483184e0 * abs(pop_z) + 1.75566716318264e0) * abs(pop_z) + 16.064177579207e0) * abs(pop_z) + 86.7807322029461e0) * abs(pop_z) + 296.564248779674e0) * abs(pop_z) + 637.333633378831e0) * abs(pop_z) + 793.826512519948e0) * abs(pop_z) + 440.413735824752e0) ELSE 1 / (abs(pop_z) + 1 / (abs(pop_z) + 2 / (abs(pop_z) + 3 / (abs(pop_z) + 4 / (abs(pop_z) + 0.65e0))))) / 2.506628274631e0 END END ELSE CASE WHEN abs(pop_z) > 37 THEN 0e0 ELSE exp(-abs(pop_z) * abs(pop_z) / 2) * CASE WHEN abs(pop_z) < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * abs(pop_z) + 0.700383064443688e0) * abs(pop_z) + 6.37396220353165e0) * abs(pop_z) + 33.912866078383e0) * abs(pop_z) + 112.079291497871e0) * abs(pop_z) + 221.213596169931e0) * abs(pop_z) + 220.206867912376e0) / (((((((0.0883883476483184e0 * abs(pop_z) + 1.75566716318264e0) * abs(pop_z) + 16.064177579207e0) * abs(pop_z) + 86.7807322029461e0) * abs(pop_z) + 296.564248779674e0) * abs(pop_z) + 637.333633378831e0) * abs(pop_z) + 793.826512519948e0) * abs(pop_z) + 440.413735824752e0) ELSE 1 / (abs(pop_z) + 1 / (abs(pop_z) + 2 / (abs(pop_z) + 3 / (abs(pop_z) + 4 / (abs(pop_z) + 0.65e0))))) / 2.506628274631e0 END END END END AS pop
  FROM priced_4
),
priced AS MATERIALIZED (
  SELECT *,
    pop AS score
  FROM priced_5
)
SELECT s_cid, l_cid, score
FROM priced
WHERE net > 1e-9
  AND net < W - 1e-9
  AND pop_z BETWEEN $n1 - 1e-9 AND 1e308
  AND score <= 1e308
QUALIFY row_number() OVER (PARTITION BY u ORDER BY round(score, 10) DESC, s_cid, l_cid) <= $keep
ORDER BY round(score, 10) DESC, s_cid, l_cid
