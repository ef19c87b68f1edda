WITH options AS MATERIALIZED (
  SELECT cid, gid::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, strike, years, forward, bid, ask, iv, delta, fee, exchange_fee,
    TRUE AS step_0,
    CASE WHEN forward <= 1e308 THEN TRUE END AS step_1,
    CASE WHEN bid <= 1e308 AND ask <= 1e308 THEN bid >= 0 AND bid < ask AND ask <= 1e308 AND fee <= 1e308 END AS step_2,
    CASE WHEN open_interest <= 1e308 THEN open_interest >= $n3 END AS step_3,
    CASE WHEN NOT bid > 0 THEN FALSE WHEN delta <= 1e308 THEN abs(delta) BETWEEN $short_delta_low AND $short_delta_high END AS step_4
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
),
legs AS MATERIALIZED (
  SELECT *
  FROM options
  WHERE step_0
    AND step_1
    AND step_2
    AND step_3
),
pairs AS (
  SELECT s.cid AS s_cid, l.cid AS l_cid, s.strike AS s_strike, l.strike AS l_strike, s.years AS s_years, l.years AS l_years, s.forward AS s_forward, l.forward AS l_forward, s.bid AS s_bid, l.bid AS l_bid, s.ask AS s_ask, l.ask AS l_ask, s.iv AS s_iv, l.iv AS l_iv, s.delta AS s_delta, l.delta AS l_delta, s.fee AS s_fee, l.fee AS l_fee, s.exchange_fee AS s_exchange_fee, l.exchange_fee AS l_exchange_fee
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE step_4) s
  JOIN legs l
    ON s.met = l.bucket
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
    100 * net AS max_profit,
    100 * (W - net) AS max_loss,
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
    TRUE AS rule_0,
    (net > 1e-9 AND net < W - 1e-9) AS rule_1,
    (net >= ($n1 * W) - 1e-9) AS rule_2,
    CASE WHEN pop <= 1e308 THEN pop >= $n2 - 1e-9 END AS rule_3,
    CASE WHEN ((max_profit / max_loss)) BETWEEN -1e308 AND 1e308 THEN TRUE END AS rule_4
  FROM priced_5
),
option_counts AS (
  SELECT count(*) FILTER (WHERE step_0), count(*) FILTER (WHERE step_0 IS NULL),
    count(*) FILTER (WHERE step_0 AND step_1), count(*) FILTER (WHERE step_0 AND step_1 IS NULL),
    count(*) FILTER (WHERE step_0 AND step_1 AND step_2), count(*) FILTER (WHERE step_0 AND step_1 AND step_2 IS NULL),
    count(*) FILTER (WHERE step_0 AND step_1 AND step_2 AND step_3), count(*) FILTER (WHERE step_0 AND step_1 AND step_2 AND step_3 IS NULL),
    count(*) FILTER (WHERE step_0 AND step_1 AND step_2 AND step_3 AND step_4), count(*) FILTER (WHERE step_0 AND step_1 AND step_2 AND step_3 AND step_4 IS NULL)
  FROM options
),
spread_counts AS (
  SELECT count(*) FILTER (WHERE rule_0), count(*) FILTER (WHERE rule_0 IS NULL),
    count(*) FILTER (WHERE rule_0 AND rule_1), count(*) FILTER (WHERE rule_0 AND rule_1 IS NULL),
    count(*) FILTER (WHERE rule_0 AND rule_1 AND rule_2), count(*) FILTER (WHERE rule_0 AND rule_1 AND rule_2 IS NULL),
    count(*) FILTER (WHERE rule_0 AND rule_1 AND rule_2 AND rule_3), count(*) FILTER (WHERE rule_0 AND rule_1 AND rule_2 AND rule_3 IS NULL),
    count(*) FILTER (WHERE rule_0 AND rule_1 AND rule_2 AND rule_3 AND rule_4), count(*) FILTER (WHERE rule_0 AND rule_1 AND rule_2 AND rule_3 AND rule_4 IS NULL)
  FROM priced
)
SELECT *
FROM option_counts
CROSS JOIN spread_counts;

WITH legs AS MATERIALIZED (
  SELECT cid, gid::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, strike, years, forward, bid, ask, iv, delta, fee, exchange_fee, CASE WHEN open_interest <= 1e308 THEN CASE WHEN open_interest >= $n1 THEN 0e0 ELSE greatest(abs(open_interest - $n1) / greatest(abs($n1), 1e-6), 1e-9) END END AS miss_0
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
pairs AS (
  SELECT s.cid AS s_cid, l.cid AS l_cid, s.strike AS s_strike, l.strike AS l_strike, s.years AS s_years, l.years AS l_years, s.forward AS s_forward, l.forward AS l_forward, s.bid AS s_bid, l.bid AS l_bid, s.ask AS s_ask, l.ask AS l_ask, s.iv AS s_iv, l.iv AS l_iv, s.delta AS s_delta, l.delta AS l_delta, s.fee AS s_fee, l.fee AS l_fee, s.exchange_fee AS s_exchange_fee, l.exchange_fee AS l_exchange_fee, s.miss_0 AS s_miss_0, l.miss_0 AS l_miss_0
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs) s
  JOIN legs l
    ON s.met = l.bucket
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
    100 * net AS max_profit,
    100 * (W - net) AS max_loss,
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
    CASE WHEN s_miss_0 IS NOT NULL AND l_miss_0 IS NOT NULL THEN greatest(s_miss_0, l_miss_0) END AS missed_0, NULL AS value_0, NULL AS bound_0,
    CASE WHEN s_bid > 0 THEN 0e0 ELSE 1e0 END AS missed_1, NULL AS value_1, NULL AS bound_1,
    CASE WHEN CASE WHEN (abs(s_delta)) <= 1e308 THEN CASE WHEN (abs(s_delta)) >= $n2 - 1e-9 THEN 0e0 ELSE greatest(abs((abs(s_delta)) - $n2) / greatest(abs($n2), 1e-6), 1e-9) END END IS NOT NULL AND CASE WHEN (abs(s_delta)) <= 1e308 THEN CASE WHEN (abs(s_delta)) <= $n3 + 1e-9 THEN 0e0 ELSE greatest(abs((abs(s_delta)) - $n3) / greatest(abs($n3), 1e-6), 1e-9) END END IS NOT NULL THEN greatest(CASE WHEN (abs(s_delta)) <= 1e308 THEN CASE WHEN (abs(s_delta)) >= $n2 - 1e-9 THEN 0e0 ELSE greatest(abs((abs(s_delta)) - $n2) / greatest(abs($n2), 1e-6), 1e-9) END END, CASE WHEN (abs(s_delta)) <= 1e308 THEN CASE WHEN (abs(s_delta)) <= $n3 + 1e-9 THEN 0e0 ELSE greatest(abs((abs(s_delta)) - $n3) / greatest(abs($n3), 1e-6), 1e-9) END END) END AS missed_2, NULL AS value_2, NULL AS bound_2,
    (CASE WHEN net >= ($n4 * W) - 1e-9 THEN 0e0 ELSE greatest(abs(net - ($n4 * W)) / greatest(abs(($n4 * W)), 1e-6), 1e-9) END) AS missed_3, net AS value_3, ($n4 * W) AS bound_3,
    CASE WHEN pop <= 1e308 THEN CASE WHEN pop >= $n5 - 1e-9 THEN 0e0 ELSE greatest(abs(pop - $n5) / greatest(abs($n5), 1e-6), 1e-9) END END AS missed_4, pop AS value_4, $n5 AS bound_4,
    CASE WHEN CASE WHEN ((max_profit / max_loss)) BETWEEN -1e308 AND 1e308 THEN TRUE END THEN 0e0 END AS missed_5, NULL AS value_5, NULL AS bound_5
  FROM priced_5
)
SELECT s_cid, l_cid, missed_0, value_0, bound_0, missed_1, value_1, bound_1, missed_2, value_2, bound_2, missed_3, value_3, bound_3, missed_4, value_4, bound_4, missed_5, value_5, bound_5
FROM priced
WHERE net > 1e-9
  AND net < W - 1e-9
ORDER BY CASE WHEN missed_0 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_1 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_2 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_3 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_4 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_5 = 0 THEN 0 ELSE 1 END, coalesce(missed_0, 1e9) + coalesce(missed_1, 1e9) + coalesce(missed_2, 1e9) + coalesce(missed_3, 1e9) + coalesce(missed_4, 1e9) + coalesce(missed_5, 1e9), s_cid, l_cid
LIMIT 1;
