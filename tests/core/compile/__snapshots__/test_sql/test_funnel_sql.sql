WITH options AS MATERIALIZED (
  SELECT row_id, group_id::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, strike, years, forward, bid, ask, iv, delta, fee, exchange_fee,
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
  SELECT short.row_id AS short_row_id, long.row_id AS long_row_id, short.strike AS short_strike, long.strike AS long_strike, short.years AS short_years, long.years AS long_years, short.forward AS short_forward, long.forward AS long_forward, short.bid AS short_bid, long.bid AS long_bid, short.ask AS short_ask, long.ask AS long_ask, short.iv AS short_iv, long.iv AS long_iv, short.delta AS short_delta, long.delta AS long_delta, short.fee AS short_fee, long.fee AS long_fee, short.exchange_fee AS short_exchange_fee, long.exchange_fee AS long_exchange_fee
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE step_4) short
  JOIN legs long
    ON short.met = long.bucket
   AND short.strike - long.strike BETWEEN $width_low AND $width_high
),
priced_1 AS MATERIALIZED (
  SELECT short_strike, short_years, short_forward, short_iv, long_iv,
    short_strike - long_strike AS width,
    ((short_bid + short_ask) - (long_bid + long_ask)) / 2 AS net,
    2 * (greatest(short_fee + long_fee, $minimum_fee) + short_exchange_fee + long_exchange_fee) AS fees
  FROM pairs
),
priced_2 AS MATERIALIZED (
  SELECT short_strike, short_years, short_forward, short_iv, long_iv, width, net,
    100 * net AS max_profit,
    100 * (width - net) AS max_loss,
    net - fees / 100 AS kept
  FROM priced_1
),
priced_3 AS MATERIALIZED (
  SELECT short_years, short_forward, short_iv, long_iv, width, net, max_profit, max_loss, kept,
    short_strike - kept AS breakeven_after_fees,
    short_iv + (long_iv - short_iv) * kept / width AS breakeven_iv
  FROM priced_2
),
priced_4 AS MATERIALIZED (
  SELECT width, net, max_profit, max_loss,
    CASE WHEN kept > 1e-9 THEN (-(ln(breakeven_after_fees / short_forward) + breakeven_iv * breakeven_iv / 2 * short_years)) / (breakeven_iv * sqrt(short_years)) WHEN short_iv + long_iv + short_forward <= 1e308 THEN -1e+300 END AS pop_z
  FROM priced_3
),
priced_5 AS MATERIALIZED (
  SELECT width, net, max_profit, max_loss, pop_z,
    least(abs(pop_z), 40e0) AS pop_size
  FROM priced_4
),
priced_6 AS MATERIALIZED (
  SELECT width, net, max_profit, max_loss,
    CASE WHEN pop_z <= 1e308 THEN abs((pop_z > 0)::DOUBLE - exp(-pop_size * pop_size / 2) * CASE WHEN pop_size < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * pop_size + 0.700383064443688e0) * pop_size + 6.37396220353165e0) * pop_size + 33.912866078383e0) * pop_size + 112.079291497871e0) * pop_size + 221.213596169931e0) * pop_size + 220.206867912376e0) / (((((((0.0883883476483184e0 * pop_size + 1.75566716318264e0) * pop_size + 16.064177579207e0) * pop_size + 86.7807322029461e0) * pop_size + 296.564248779674e0) * pop_size + 637.333633378831e0) * pop_size + 793.826512519948e0) * pop_size + 440.413735824752e0) ELSE 1 / (pop_size + 1 / (pop_size + 2 / (pop_size + 3 / (pop_size + 4 / (pop_size + 0.65e0))))) / 2.506628274631e0 END) END AS pop
  FROM priced_5
),
priced AS MATERIALIZED (
  SELECT width, net,
    TRUE AS rule_0,
    (net > 1e-9 AND net < width - 1e-9) AS rule_1,
    (net >= ($n1 * width) - 1e-9) AS rule_2,
    CASE WHEN pop <= 1e308 THEN pop >= $n2 - 1e-9 END AS rule_3,
    CASE WHEN ((max_profit / max_loss)) BETWEEN -1e308 AND 1e308 THEN TRUE END AS rule_4
  FROM priced_6
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
  SELECT row_id, group_id::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, strike, years, forward, bid, ask, iv, delta, fee, exchange_fee, CASE WHEN open_interest <= 1e308 THEN CASE WHEN open_interest >= $n1 THEN 0e0 ELSE greatest(abs(open_interest - $n1) / greatest(abs($n1), 1e-6), 1e-9) END END AS miss_0
  FROM chain
  WHERE put_call = $put_call
    AND dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
pairs AS (
  SELECT short.row_id AS short_row_id, long.row_id AS long_row_id, short.strike AS short_strike, long.strike AS long_strike, short.years AS short_years, long.years AS long_years, short.forward AS short_forward, long.forward AS long_forward, short.bid AS short_bid, long.bid AS long_bid, short.ask AS short_ask, long.ask AS long_ask, short.iv AS short_iv, long.iv AS long_iv, short.delta AS short_delta, long.delta AS long_delta, short.fee AS short_fee, long.fee AS long_fee, short.exchange_fee AS short_exchange_fee, long.exchange_fee AS long_exchange_fee, short.miss_0 AS short_miss_0, long.miss_0 AS long_miss_0
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs) short
  JOIN legs long
    ON short.met = long.bucket
   AND short.strike - long.strike BETWEEN $width_low AND $width_high
),
priced_1 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, short_strike, short_years, short_forward, short_bid, short_iv, long_iv, short_delta,
    short_strike - long_strike AS width,
    ((short_bid + short_ask) - (long_bid + long_ask)) / 2 AS net,
    2 * (greatest(short_fee + long_fee, $minimum_fee) + short_exchange_fee + long_exchange_fee) AS fees
  FROM pairs
),
priced_2 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, short_strike, short_years, short_forward, short_bid, short_iv, long_iv, short_delta, width, net,
    100 * net AS max_profit,
    100 * (width - net) AS max_loss,
    net - fees / 100 AS kept
  FROM priced_1
),
priced_3 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, short_years, short_forward, short_bid, short_iv, long_iv, short_delta, width, net, max_profit, max_loss, kept,
    short_strike - kept AS breakeven_after_fees,
    short_iv + (long_iv - short_iv) * kept / width AS breakeven_iv
  FROM priced_2
),
priced_4 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, short_bid, short_delta, width, net, max_profit, max_loss,
    CASE WHEN kept > 1e-9 THEN (-(ln(breakeven_after_fees / short_forward) + breakeven_iv * breakeven_iv / 2 * short_years)) / (breakeven_iv * sqrt(short_years)) WHEN short_iv + long_iv + short_forward <= 1e308 THEN -1e+300 END AS pop_z
  FROM priced_3
),
priced_5 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, short_bid, short_delta, width, net, max_profit, max_loss, pop_z,
    least(abs(pop_z), 40e0) AS pop_size
  FROM priced_4
),
priced_6 AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, short_bid, short_delta, width, net, max_profit, max_loss,
    CASE WHEN pop_z <= 1e308 THEN abs((pop_z > 0)::DOUBLE - exp(-pop_size * pop_size / 2) * CASE WHEN pop_size < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * pop_size + 0.700383064443688e0) * pop_size + 6.37396220353165e0) * pop_size + 33.912866078383e0) * pop_size + 112.079291497871e0) * pop_size + 221.213596169931e0) * pop_size + 220.206867912376e0) / (((((((0.0883883476483184e0 * pop_size + 1.75566716318264e0) * pop_size + 16.064177579207e0) * pop_size + 86.7807322029461e0) * pop_size + 296.564248779674e0) * pop_size + 637.333633378831e0) * pop_size + 793.826512519948e0) * pop_size + 440.413735824752e0) ELSE 1 / (pop_size + 1 / (pop_size + 2 / (pop_size + 3 / (pop_size + 4 / (pop_size + 0.65e0))))) / 2.506628274631e0 END) END AS pop
  FROM priced_5
),
priced AS MATERIALIZED (
  SELECT short_row_id, long_row_id, short_miss_0, long_miss_0, width, net,
    CASE WHEN short_miss_0 IS NOT NULL AND long_miss_0 IS NOT NULL THEN greatest(short_miss_0, long_miss_0) END AS missed_0, NULL AS value_0, NULL AS bound_0,
    CASE WHEN short_bid > 0 THEN 0e0 ELSE 1e0 END AS missed_1, NULL AS value_1, NULL AS bound_1,
    CASE WHEN CASE WHEN (abs(short_delta)) <= 1e308 THEN CASE WHEN (abs(short_delta)) >= $n2 - 1e-9 THEN 0e0 ELSE greatest(abs((abs(short_delta)) - $n2) / greatest(abs($n2), 1e-6), 1e-9) END END IS NOT NULL AND CASE WHEN (abs(short_delta)) <= 1e308 THEN CASE WHEN (abs(short_delta)) <= $n3 + 1e-9 THEN 0e0 ELSE greatest(abs((abs(short_delta)) - $n3) / greatest(abs($n3), 1e-6), 1e-9) END END IS NOT NULL THEN greatest(CASE WHEN (abs(short_delta)) <= 1e308 THEN CASE WHEN (abs(short_delta)) >= $n2 - 1e-9 THEN 0e0 ELSE greatest(abs((abs(short_delta)) - $n2) / greatest(abs($n2), 1e-6), 1e-9) END END, CASE WHEN (abs(short_delta)) <= 1e308 THEN CASE WHEN (abs(short_delta)) <= $n3 + 1e-9 THEN 0e0 ELSE greatest(abs((abs(short_delta)) - $n3) / greatest(abs($n3), 1e-6), 1e-9) END END) END AS missed_2, NULL AS value_2, NULL AS bound_2,
    (CASE WHEN net >= ($n4 * width) - 1e-9 THEN 0e0 ELSE greatest(abs(net - ($n4 * width)) / greatest(abs(($n4 * width)), 1e-6), 1e-9) END) AS missed_3, net AS value_3, ($n4 * width) AS bound_3,
    CASE WHEN pop <= 1e308 THEN CASE WHEN pop >= $n5 - 1e-9 THEN 0e0 ELSE greatest(abs(pop - $n5) / greatest(abs($n5), 1e-6), 1e-9) END END AS missed_4, pop AS value_4, $n5 AS bound_4,
    CASE WHEN CASE WHEN ((max_profit / max_loss)) BETWEEN -1e308 AND 1e308 THEN TRUE END THEN 0e0 END AS missed_5, NULL AS value_5, NULL AS bound_5
  FROM priced_6
)
SELECT short_row_id, long_row_id, missed_0, value_0, bound_0, missed_1, value_1, bound_1, missed_2, value_2, bound_2, missed_3, value_3, bound_3, missed_4, value_4, bound_4, missed_5, value_5, bound_5
FROM priced
WHERE net > 1e-9
  AND net < width - 1e-9
ORDER BY CASE WHEN missed_0 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_1 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_2 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_3 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_4 = 0 THEN 0 ELSE 1 END + CASE WHEN missed_5 = 0 THEN 0 ELSE 1 END, coalesce(missed_0, 1e9) + coalesce(missed_1, 1e9) + coalesce(missed_2, 1e9) + coalesce(missed_3, 1e9) + coalesce(missed_4, 1e9) + coalesce(missed_5, 1e9), short_row_id, long_row_id
LIMIT 1;
