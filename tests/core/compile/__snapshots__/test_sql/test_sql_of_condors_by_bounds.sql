WITH legs AS MATERIALIZED (
  SELECT row_id, group_id::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, class_id::BIGINT * 65536 + dte AS series, put_call, CASE WHEN forward > 0 AND forward <= 1e308 THEN ln(strike / forward) END AS log_strike, CASE WHEN years > 0 THEN iv * sqrt(years) END AS deviation, strike, years, forward, bid, ask, iv, delta, worth, fee, exchange_fee
  FROM chain
  WHERE dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
put_wings AS MATERIALIZED (
  SELECT short_put.row_id AS short_put_row_id, long_put.row_id AS long_put_row_id, short_put.series AS put_series, round(1000 * (short_put.strike - long_put.strike))::BIGINT AS put_width, short_put.strike AS short_put_strike, 100 * (((short_put.bid + short_put.ask) - (long_put.bid + long_put.ask)) / 2 + long_put.worth - short_put.worth) - 2 * (short_put.fee + long_put.fee + short_put.exchange_fee + long_put.exchange_fee) AS put_expected, abs(short_put.strike - long_put.strike) AS put_distance, ((short_put.bid + short_put.ask) - (long_put.bid + long_put.ask)) / 2 AS put_net, CASE WHEN least(short_put.deviation, long_put.deviation) > 0 AND greatest(short_put.deviation, long_put.deviation) <= 1e308 THEN greatest(least(long_put.log_strike / least(short_put.deviation, long_put.deviation), long_put.log_strike / greatest(short_put.deviation, long_put.deviation)) + least(short_put.deviation, long_put.deviation) / 2, -8e0) ELSE -8e0 END AS put_z
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE put_call = -1 AND bid > 0 AND abs(delta) BETWEEN $short_put_delta_low AND $short_put_delta_high) short_put
  JOIN legs long_put
    ON short_put.met = long_put.bucket
   AND short_put.strike - long_put.strike BETWEEN $put_width_low AND $put_width_high
),
call_wings AS MATERIALIZED (
  SELECT short_call.row_id AS short_call_row_id, long_call.row_id AS long_call_row_id, short_call.series AS call_series, round(1000 * (long_call.strike - short_call.strike))::BIGINT AS call_width, short_call.strike AS short_call_strike, 100 * (((short_call.bid + short_call.ask) - (long_call.bid + long_call.ask)) / 2 + long_call.worth - short_call.worth) - 2 * (short_call.fee + long_call.fee + short_call.exchange_fee + long_call.exchange_fee) AS call_expected, abs(short_call.strike - long_call.strike) AS call_distance, ((short_call.bid + short_call.ask) - (long_call.bid + long_call.ask)) / 2 AS call_net, CASE WHEN least(short_call.deviation, long_call.deviation) > 0 AND greatest(short_call.deviation, long_call.deviation) <= 1e308 THEN greatest(least(-long_call.log_strike / least(short_call.deviation, long_call.deviation), -long_call.log_strike / greatest(short_call.deviation, long_call.deviation)) - greatest(short_call.deviation, long_call.deviation) / 2, -8e0) ELSE -8e0 END AS call_z
  FROM (SELECT *, unnest([bucket, bucket + 1]) AS met FROM legs WHERE put_call = 1 AND bid > 0 AND abs(delta) BETWEEN $short_call_delta_low AND $short_call_delta_high) short_call
  JOIN legs long_call
    ON short_call.met = long_call.bucket
   AND long_call.strike - short_call.strike BETWEEN $call_width_low AND $call_width_high
),
call_known AS (
  SELECT *, greatest(1 / (1 + exp(call_z * (-1.5976e0 - 0.070565992e0 * call_z * call_z))) - 2e-4, 0e0) AS call_beyond
  FROM call_wings
),
call_sides AS (
  SELECT call_series, call_width, max(call_expected) FILTER (WHERE call_expected <= 1e308) AS most_expected, min(call_net) FILTER (WHERE call_net <= 1e308) AS least_net, max(call_net) FILTER (WHERE call_net <= 1e308) AS most_net, min(call_z) FILTER (WHERE call_z <= 1e308) AS least_z
  FROM call_wings
  GROUP BY call_series, call_width
),
call_chances AS (
  SELECT *, greatest(1 / (1 + exp(least_z * (-1.5976e0 - 0.070565992e0 * least_z * least_z))) - 2e-4, 0e0) AS least_beyond
  FROM call_sides
),
put_known AS (
  SELECT put_wings.*, most_expected, least_net, most_net, greatest(1 / (1 + exp(put_z * (-1.5976e0 - 0.070565992e0 * put_z * put_z))) - 2e-4, 0e0) AS put_beyond, least_beyond
  FROM put_wings
  JOIN call_chances
    ON put_series = call_series
   AND put_width = call_width
),
at_most AS (
  SELECT short_put_row_id, long_put_row_id, short_put_strike, put_series, put_width, put_expected, put_distance, put_net, put_beyond, greatest((put_expected + most_expected + 1e-9) / greatest(100 * (((put_distance - 1e-9) - (put_net + most_net + 1e-9))), 1e-7), (put_expected + most_expected + 1e-9) / greatest(100 * (((put_distance + 1e-9) - (put_net + least_net - 1e-9))), 1e-7)) AS wing_score
  FROM put_known
  WHERE (put_net + most_net + 1e-9) >= 1e-9
    AND (put_net + least_net - 1e-9) <= (put_distance + 1e-9)
    AND (put_net + most_net + 1e-9) >= ($n1 * (put_distance - 1e-9)) - 2 * 1e-9
    AND greatest(0e0, 1 - put_beyond - least_beyond + 1e-9) >= $n2 - 2 * 1e-9
),
best_wings AS MATERIALIZED (
  SELECT *
  FROM at_most
  WHERE wing_score <= 1e308
  ORDER BY wing_score DESC
  LIMIT $best_wings
),
met AS (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, greatest((put_expected + call_expected + 1e-9) / greatest(100 * (((put_distance - 1e-9) - (put_net + call_net + 1e-9))), 1e-7), (put_expected + call_expected + 1e-9) / greatest(100 * (((put_distance + 1e-9) - (put_net + call_net - 1e-9))), 1e-7)) AS condor_score
  FROM best_wings
  JOIN call_known
    ON put_series = call_series
   AND put_width = call_width
   AND short_put_strike < short_call_strike
   AND (put_net + call_net + 1e-9) >= 1e-9
   AND (put_net + call_net - 1e-9) <= (put_distance + 1e-9)
   AND (put_net + call_net + 1e-9) >= ($n1 * (put_distance - 1e-9)) - 2 * 1e-9
   AND greatest(0e0, 1 - put_beyond - call_beyond + 1e-9) >= $n2 - 2 * 1e-9
),
best_met AS MATERIALIZED (
  SELECT *
  FROM met
  WHERE condor_score <= 1e308
  ORDER BY condor_score DESC
  LIMIT $best_condors
),
pairs AS (
  SELECT best_met.*, cells.strike[short_put_row_id + 1] AS short_put_strike, cells.strike[long_put_row_id + 1] AS long_put_strike, cells.strike[short_call_row_id + 1] AS short_call_strike, cells.strike[long_call_row_id + 1] AS long_call_strike, cells.years[short_put_row_id + 1] AS short_put_years, cells.years[long_put_row_id + 1] AS long_put_years, cells.years[short_call_row_id + 1] AS short_call_years, cells.years[long_call_row_id + 1] AS long_call_years, cells.forward[short_put_row_id + 1] AS short_put_forward, cells.forward[long_put_row_id + 1] AS long_put_forward, cells.forward[short_call_row_id + 1] AS short_call_forward, cells.forward[long_call_row_id + 1] AS long_call_forward, cells.bid[short_put_row_id + 1] AS short_put_bid, cells.bid[long_put_row_id + 1] AS long_put_bid, cells.bid[short_call_row_id + 1] AS short_call_bid, cells.bid[long_call_row_id + 1] AS long_call_bid, cells.ask[short_put_row_id + 1] AS short_put_ask, cells.ask[long_put_row_id + 1] AS long_put_ask, cells.ask[short_call_row_id + 1] AS short_call_ask, cells.ask[long_call_row_id + 1] AS long_call_ask, cells.iv[short_put_row_id + 1] AS short_put_iv, cells.iv[long_put_row_id + 1] AS long_put_iv, cells.iv[short_call_row_id + 1] AS short_call_iv, cells.iv[long_call_row_id + 1] AS long_call_iv, cells.delta[short_put_row_id + 1] AS short_put_delta, cells.delta[long_put_row_id + 1] AS long_put_delta, cells.delta[short_call_row_id + 1] AS short_call_delta, cells.delta[long_call_row_id + 1] AS long_call_delta, cells.worth[short_put_row_id + 1] AS short_put_worth, cells.worth[long_put_row_id + 1] AS long_put_worth, cells.worth[short_call_row_id + 1] AS short_call_worth, cells.worth[long_call_row_id + 1] AS long_call_worth, cells.fee[short_put_row_id + 1] AS short_put_fee, cells.fee[long_put_row_id + 1] AS long_put_fee, cells.fee[short_call_row_id + 1] AS short_call_fee, cells.fee[long_call_row_id + 1] AS long_call_fee, cells.exchange_fee[short_put_row_id + 1] AS short_put_exchange_fee, cells.exchange_fee[long_put_row_id + 1] AS long_put_exchange_fee, cells.exchange_fee[short_call_row_id + 1] AS short_call_exchange_fee, cells.exchange_fee[long_call_row_id + 1] AS long_call_exchange_fee
  FROM best_met, cells
),
lean_1 AS (
  SELECT *,
    ((short_put_bid + short_put_ask) + (short_call_bid + short_call_ask) - (long_put_bid + long_put_ask) - (long_call_bid + long_call_ask)) / 2 AS net,
    2 * (greatest(short_put_fee + long_put_fee + short_call_fee + long_call_fee, $minimum_fee) + short_put_exchange_fee + long_put_exchange_fee + short_call_exchange_fee + long_call_exchange_fee) AS fees,
    0e0 AS cap,
    least(long_put_strike - short_put_strike, short_call_strike - long_call_strike) AS floor
  FROM pairs
),
lean_2 AS (
  SELECT *,
    cap - floor AS width,
    -100 * (floor + net) AS max_loss,
    100 * (net + long_put_worth + long_call_worth - short_put_worth - short_call_worth) - fees AS expected_value
  FROM lean_1
),
sieved AS MATERIALIZED (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, short_put_strike, long_put_strike, short_call_strike, long_call_strike, short_put_years, short_put_forward, short_put_iv, long_put_iv, short_call_iv, long_call_iv, net, fees, max_loss, expected_value
  FROM lean_2
  WHERE cap + net > 1e-9
    AND floor + net < -1e-9
    AND net >= ($n1 * width) - 1e-9
    AND (expected_value / max_loss) <= 1e308
),
priced_1 AS (
  SELECT *,
    net - fees / 100 AS kept
  FROM sieved
),
priced_2 AS (
  SELECT *,
    CASE WHEN kept + (long_put_strike - short_put_strike) <= 1e-9 AND kept > 1e-9 THEN short_put_strike - (kept) END AS zero_1,
    CASE WHEN kept > 1e-9 AND kept + (short_call_strike - long_call_strike) <= 1e-9 THEN short_call_strike + (kept) END AS zero_2
  FROM priced_1
),
priced_3 AS (
  SELECT *,
    long_put_iv + (short_put_iv - long_put_iv) * (zero_1 - long_put_strike) / (short_put_strike - long_put_strike) AS zero_iv_1,
    short_call_iv + (long_call_iv - short_call_iv) * (zero_2 - short_call_strike) / (long_call_strike - short_call_strike) AS zero_iv_2
  FROM priced_2
),
priced_4 AS (
  SELECT *,
    CASE WHEN short_put_years > 0 THEN (ln(zero_1 / short_put_forward) + zero_iv_1 * zero_iv_1 / 2 * short_put_years) / (zero_iv_1 * sqrt(short_put_years)) END AS zero_z_1,
    CASE WHEN short_put_years > 0 THEN (ln(zero_2 / short_put_forward) + zero_iv_2 * zero_iv_2 / 2 * short_put_years) / (zero_iv_2 * sqrt(short_put_years)) END AS zero_z_2
  FROM priced_3
),
priced_5 AS MATERIALIZED (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, short_call_strike, long_call_strike, short_put_years, short_put_forward, short_put_iv, long_put_iv, short_call_iv, long_call_iv, max_loss, expected_value, kept, zero_z_1, zero_z_2,
    least(abs(zero_z_1), 40e0) AS zero_size_1,
    least(abs(zero_z_2), 40e0) AS zero_size_2
  FROM priced_4
),
priced_6 AS MATERIALIZED (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, short_call_strike, long_call_strike, short_put_years, short_put_forward, short_put_iv, long_put_iv, short_call_iv, long_call_iv, max_loss, expected_value, kept,
    CASE WHEN zero_z_1 <= 1e308 THEN abs((zero_z_1 > 0)::DOUBLE - exp(-zero_size_1 * zero_size_1 / 2) * CASE WHEN zero_size_1 < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * zero_size_1 + 0.700383064443688e0) * zero_size_1 + 6.37396220353165e0) * zero_size_1 + 33.912866078383e0) * zero_size_1 + 112.079291497871e0) * zero_size_1 + 221.213596169931e0) * zero_size_1 + 220.206867912376e0) / (((((((0.0883883476483184e0 * zero_size_1 + 1.75566716318264e0) * zero_size_1 + 16.064177579207e0) * zero_size_1 + 86.7807322029461e0) * zero_size_1 + 296.564248779674e0) * zero_size_1 + 637.333633378831e0) * zero_size_1 + 793.826512519948e0) * zero_size_1 + 440.413735824752e0) ELSE 1 / (zero_size_1 + 1 / (zero_size_1 + 2 / (zero_size_1 + 3 / (zero_size_1 + 4 / (zero_size_1 + 0.65e0))))) / 2.506628274631e0 END) ELSE 0e0 END AS below_1,
    CASE WHEN zero_z_2 <= 1e308 THEN abs((zero_z_2 > 0)::DOUBLE - exp(-zero_size_2 * zero_size_2 / 2) * CASE WHEN zero_size_2 < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * zero_size_2 + 0.700383064443688e0) * zero_size_2 + 6.37396220353165e0) * zero_size_2 + 33.912866078383e0) * zero_size_2 + 112.079291497871e0) * zero_size_2 + 221.213596169931e0) * zero_size_2 + 220.206867912376e0) / (((((((0.0883883476483184e0 * zero_size_2 + 1.75566716318264e0) * zero_size_2 + 16.064177579207e0) * zero_size_2 + 86.7807322029461e0) * zero_size_2 + 296.564248779674e0) * zero_size_2 + 637.333633378831e0) * zero_size_2 + 793.826512519948e0) * zero_size_2 + 440.413735824752e0) ELSE 1 / (zero_size_2 + 1 / (zero_size_2 + 2 / (zero_size_2 + 3 / (zero_size_2 + 4 / (zero_size_2 + 0.65e0))))) / 2.506628274631e0 END) ELSE 0e0 END AS below_2
  FROM priced_5
),
priced_7 AS (
  SELECT *,
    CASE WHEN short_put_iv + long_put_iv + short_call_iv + long_call_iv + short_put_forward <= 1e308 AND short_put_years > 0 THEN greatest(0e0, least(1e0, CASE WHEN kept + (short_call_strike - long_call_strike) > 1e-9 THEN 1e0 ELSE 0e0 END - below_1 + below_2)) END AS pop
  FROM priced_6
),
priced AS (
  SELECT *,
    (expected_value / max_loss) AS score
  FROM priced_7
),
found AS (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, score
  FROM priced
  WHERE pop BETWEEN $n2 - 1e-9 AND 1e308
    AND score <= 1e308
  ORDER BY round(score, 10) DESC, short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id
  LIMIT $keep
),
left_out AS (
  SELECT greatest(
    (SELECT CASE WHEN count(*) >= $best_wings THEN min(wing_score) END FROM best_wings),
    (SELECT CASE WHEN count(*) >= $best_condors THEN min(condor_score) END FROM best_met)
  ) AS possible
)
SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, score, possible
FROM left_out
LEFT JOIN found
  ON TRUE
ORDER BY round(score, 10) DESC, short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id;

WITH legs AS MATERIALIZED (
  SELECT row_id, group_id::BIGINT * 2147483648 + floor(strike / $reach)::BIGINT AS bucket, class_id::BIGINT * 65536 + dte AS series, put_call, CASE WHEN forward > 0 AND forward <= 1e308 THEN ln(strike / forward) END AS log_strike, CASE WHEN years > 0 THEN iv * sqrt(years) END AS deviation, strike, years, forward, bid, ask, iv, delta, worth, fee, exchange_fee
  FROM chain
  WHERE dte BETWEEN $dte_low AND $dte_high
    AND bid >= 0
    AND bid < ask
    AND ask <= 1e308
    AND fee <= 1e308
),
put_wings AS MATERIALIZED (
  SELECT short_put.row_id AS short_put_row_id, long_put.row_id AS long_put_row_id, short_put.series AS put_series, round(1000 * (short_put.strike - long_put.strike))::BIGINT AS put_width, short_put.strike AS short_put_strike, 100 * (((short_put.bid + short_put.ask) - (long_put.bid + long_put.ask)) / 2 + long_put.worth - short_put.worth) - 2 * (short_put.fee + long_put.fee + short_put.exchange_fee + long_put.exchange_fee) AS put_expected, abs(short_put.strike - long_put.strike) AS put_distance, ((short_put.bid + short_put.ask) - (long_put.bid + long_put.ask)) / 2 AS put_net, CASE WHEN least(short_put.deviation, long_put.deviation) > 0 AND greatest(short_put.deviation, long_put.deviation) <= 1e308 THEN greatest(least(long_put.log_strike / least(short_put.deviation, long_put.deviation), long_put.log_strike / greatest(short_put.deviation, long_put.deviation)) + least(short_put.deviation, long_put.deviation) / 2, -8e0) ELSE -8e0 END AS put_z
  FROM (SELECT *, unnest([bucket, bucket - 1]) AS met FROM legs WHERE put_call = -1 AND bid > 0 AND abs(delta) BETWEEN $short_put_delta_low AND $short_put_delta_high) short_put
  JOIN legs long_put
    ON short_put.met = long_put.bucket
   AND short_put.strike - long_put.strike BETWEEN $put_width_low AND $put_width_high
),
call_wings AS MATERIALIZED (
  SELECT short_call.row_id AS short_call_row_id, long_call.row_id AS long_call_row_id, short_call.series AS call_series, round(1000 * (long_call.strike - short_call.strike))::BIGINT AS call_width, short_call.strike AS short_call_strike, 100 * (((short_call.bid + short_call.ask) - (long_call.bid + long_call.ask)) / 2 + long_call.worth - short_call.worth) - 2 * (short_call.fee + long_call.fee + short_call.exchange_fee + long_call.exchange_fee) AS call_expected, abs(short_call.strike - long_call.strike) AS call_distance, ((short_call.bid + short_call.ask) - (long_call.bid + long_call.ask)) / 2 AS call_net, CASE WHEN least(short_call.deviation, long_call.deviation) > 0 AND greatest(short_call.deviation, long_call.deviation) <= 1e308 THEN greatest(least(-long_call.log_strike / least(short_call.deviation, long_call.deviation), -long_call.log_strike / greatest(short_call.deviation, long_call.deviation)) - greatest(short_call.deviation, long_call.deviation) / 2, -8e0) ELSE -8e0 END AS call_z
  FROM (SELECT *, unnest([bucket, bucket + 1]) AS met FROM legs WHERE put_call = 1 AND bid > 0 AND abs(delta) BETWEEN $short_call_delta_low AND $short_call_delta_high) short_call
  JOIN legs long_call
    ON short_call.met = long_call.bucket
   AND long_call.strike - short_call.strike BETWEEN $call_width_low AND $call_width_high
),
call_known AS (
  SELECT *, greatest(1 / (1 + exp(call_z * (-1.5976e0 - 0.070565992e0 * call_z * call_z))) - 2e-4, 0e0) AS call_beyond
  FROM call_wings
),
call_sides AS (
  SELECT call_series, call_width, max(call_expected) FILTER (WHERE call_expected <= 1e308) AS most_expected, min(call_net) FILTER (WHERE call_net <= 1e308) AS least_net, max(call_net) FILTER (WHERE call_net <= 1e308) AS most_net, min(call_z) FILTER (WHERE call_z <= 1e308) AS least_z
  FROM call_wings
  GROUP BY call_series, call_width
),
call_chances AS (
  SELECT *, greatest(1 / (1 + exp(least_z * (-1.5976e0 - 0.070565992e0 * least_z * least_z))) - 2e-4, 0e0) AS least_beyond
  FROM call_sides
),
put_known AS (
  SELECT put_wings.*, most_expected, least_net, most_net, greatest(1 / (1 + exp(put_z * (-1.5976e0 - 0.070565992e0 * put_z * put_z))) - 2e-4, 0e0) AS put_beyond, least_beyond
  FROM put_wings
  JOIN call_chances
    ON put_series = call_series
   AND put_width = call_width
),
at_most AS (
  SELECT short_put_row_id, long_put_row_id, short_put_strike, put_series, put_width, put_expected, put_distance, put_net, put_beyond, greatest((put_expected + most_expected + 1e-9) / greatest(100 * (((put_distance - 1e-9) - (put_net + most_net + 1e-9))), 1e-7), (put_expected + most_expected + 1e-9) / greatest(100 * (((put_distance + 1e-9) - (put_net + least_net - 1e-9))), 1e-7)) AS wing_score
  FROM put_known
  WHERE (put_net + most_net + 1e-9) >= 1e-9
    AND (put_net + least_net - 1e-9) <= (put_distance + 1e-9)
    AND (put_net + most_net + 1e-9) >= ($n1 * (put_distance - 1e-9)) - 2 * 1e-9
    AND greatest(0e0, 1 - put_beyond - least_beyond + 1e-9) >= $n2 - 2 * 1e-9
),
best_wings AS (
  SELECT *
  FROM at_most
  WHERE wing_score BETWEEN (SELECT score FROM reached) AND 1e308
),
met AS (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, greatest((put_expected + call_expected + 1e-9) / greatest(100 * (((put_distance - 1e-9) - (put_net + call_net + 1e-9))), 1e-7), (put_expected + call_expected + 1e-9) / greatest(100 * (((put_distance + 1e-9) - (put_net + call_net - 1e-9))), 1e-7)) AS condor_score
  FROM best_wings
  JOIN call_known
    ON put_series = call_series
   AND put_width = call_width
   AND short_put_strike < short_call_strike
   AND (put_net + call_net + 1e-9) >= 1e-9
   AND (put_net + call_net - 1e-9) <= (put_distance + 1e-9)
   AND (put_net + call_net + 1e-9) >= ($n1 * (put_distance - 1e-9)) - 2 * 1e-9
   AND greatest(0e0, 1 - put_beyond - call_beyond + 1e-9) >= $n2 - 2 * 1e-9
),
best_met AS (
  SELECT *
  FROM met
  WHERE condor_score BETWEEN (SELECT score FROM reached) AND 1e308
),
pairs AS (
  SELECT best_met.*, cells.strike[short_put_row_id + 1] AS short_put_strike, cells.strike[long_put_row_id + 1] AS long_put_strike, cells.strike[short_call_row_id + 1] AS short_call_strike, cells.strike[long_call_row_id + 1] AS long_call_strike, cells.years[short_put_row_id + 1] AS short_put_years, cells.years[long_put_row_id + 1] AS long_put_years, cells.years[short_call_row_id + 1] AS short_call_years, cells.years[long_call_row_id + 1] AS long_call_years, cells.forward[short_put_row_id + 1] AS short_put_forward, cells.forward[long_put_row_id + 1] AS long_put_forward, cells.forward[short_call_row_id + 1] AS short_call_forward, cells.forward[long_call_row_id + 1] AS long_call_forward, cells.bid[short_put_row_id + 1] AS short_put_bid, cells.bid[long_put_row_id + 1] AS long_put_bid, cells.bid[short_call_row_id + 1] AS short_call_bid, cells.bid[long_call_row_id + 1] AS long_call_bid, cells.ask[short_put_row_id + 1] AS short_put_ask, cells.ask[long_put_row_id + 1] AS long_put_ask, cells.ask[short_call_row_id + 1] AS short_call_ask, cells.ask[long_call_row_id + 1] AS long_call_ask, cells.iv[short_put_row_id + 1] AS short_put_iv, cells.iv[long_put_row_id + 1] AS long_put_iv, cells.iv[short_call_row_id + 1] AS short_call_iv, cells.iv[long_call_row_id + 1] AS long_call_iv, cells.delta[short_put_row_id + 1] AS short_put_delta, cells.delta[long_put_row_id + 1] AS long_put_delta, cells.delta[short_call_row_id + 1] AS short_call_delta, cells.delta[long_call_row_id + 1] AS long_call_delta, cells.worth[short_put_row_id + 1] AS short_put_worth, cells.worth[long_put_row_id + 1] AS long_put_worth, cells.worth[short_call_row_id + 1] AS short_call_worth, cells.worth[long_call_row_id + 1] AS long_call_worth, cells.fee[short_put_row_id + 1] AS short_put_fee, cells.fee[long_put_row_id + 1] AS long_put_fee, cells.fee[short_call_row_id + 1] AS short_call_fee, cells.fee[long_call_row_id + 1] AS long_call_fee, cells.exchange_fee[short_put_row_id + 1] AS short_put_exchange_fee, cells.exchange_fee[long_put_row_id + 1] AS long_put_exchange_fee, cells.exchange_fee[short_call_row_id + 1] AS short_call_exchange_fee, cells.exchange_fee[long_call_row_id + 1] AS long_call_exchange_fee
  FROM best_met, cells
),
lean_1 AS (
  SELECT *,
    ((short_put_bid + short_put_ask) + (short_call_bid + short_call_ask) - (long_put_bid + long_put_ask) - (long_call_bid + long_call_ask)) / 2 AS net,
    2 * (greatest(short_put_fee + long_put_fee + short_call_fee + long_call_fee, $minimum_fee) + short_put_exchange_fee + long_put_exchange_fee + short_call_exchange_fee + long_call_exchange_fee) AS fees,
    0e0 AS cap,
    least(long_put_strike - short_put_strike, short_call_strike - long_call_strike) AS floor
  FROM pairs
),
lean_2 AS (
  SELECT *,
    cap - floor AS width,
    -100 * (floor + net) AS max_loss,
    100 * (net + long_put_worth + long_call_worth - short_put_worth - short_call_worth) - fees AS expected_value
  FROM lean_1
),
sieved AS MATERIALIZED (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, short_put_strike, long_put_strike, short_call_strike, long_call_strike, short_put_years, short_put_forward, short_put_iv, long_put_iv, short_call_iv, long_call_iv, net, fees, max_loss, expected_value
  FROM lean_2
  WHERE cap + net > 1e-9
    AND floor + net < -1e-9
    AND net >= ($n1 * width) - 1e-9
    AND (expected_value / max_loss) >= (SELECT score FROM reached)
    AND (expected_value / max_loss) <= 1e308
),
priced_1 AS (
  SELECT *,
    net - fees / 100 AS kept
  FROM sieved
),
priced_2 AS (
  SELECT *,
    CASE WHEN kept + (long_put_strike - short_put_strike) <= 1e-9 AND kept > 1e-9 THEN short_put_strike - (kept) END AS zero_1,
    CASE WHEN kept > 1e-9 AND kept + (short_call_strike - long_call_strike) <= 1e-9 THEN short_call_strike + (kept) END AS zero_2
  FROM priced_1
),
priced_3 AS (
  SELECT *,
    long_put_iv + (short_put_iv - long_put_iv) * (zero_1 - long_put_strike) / (short_put_strike - long_put_strike) AS zero_iv_1,
    short_call_iv + (long_call_iv - short_call_iv) * (zero_2 - short_call_strike) / (long_call_strike - short_call_strike) AS zero_iv_2
  FROM priced_2
),
priced_4 AS (
  SELECT *,
    CASE WHEN short_put_years > 0 THEN (ln(zero_1 / short_put_forward) + zero_iv_1 * zero_iv_1 / 2 * short_put_years) / (zero_iv_1 * sqrt(short_put_years)) END AS zero_z_1,
    CASE WHEN short_put_years > 0 THEN (ln(zero_2 / short_put_forward) + zero_iv_2 * zero_iv_2 / 2 * short_put_years) / (zero_iv_2 * sqrt(short_put_years)) END AS zero_z_2
  FROM priced_3
),
priced_5 AS MATERIALIZED (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, short_call_strike, long_call_strike, short_put_years, short_put_forward, short_put_iv, long_put_iv, short_call_iv, long_call_iv, max_loss, expected_value, kept, zero_z_1, zero_z_2,
    least(abs(zero_z_1), 40e0) AS zero_size_1,
    least(abs(zero_z_2), 40e0) AS zero_size_2
  FROM priced_4
),
priced_6 AS MATERIALIZED (
  SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, short_call_strike, long_call_strike, short_put_years, short_put_forward, short_put_iv, long_put_iv, short_call_iv, long_call_iv, max_loss, expected_value, kept,
    CASE WHEN zero_z_1 <= 1e308 THEN abs((zero_z_1 > 0)::DOUBLE - exp(-zero_size_1 * zero_size_1 / 2) * CASE WHEN zero_size_1 < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * zero_size_1 + 0.700383064443688e0) * zero_size_1 + 6.37396220353165e0) * zero_size_1 + 33.912866078383e0) * zero_size_1 + 112.079291497871e0) * zero_size_1 + 221.213596169931e0) * zero_size_1 + 220.206867912376e0) / (((((((0.0883883476483184e0 * zero_size_1 + 1.75566716318264e0) * zero_size_1 + 16.064177579207e0) * zero_size_1 + 86.7807322029461e0) * zero_size_1 + 296.564248779674e0) * zero_size_1 + 637.333633378831e0) * zero_size_1 + 793.826512519948e0) * zero_size_1 + 440.413735824752e0) ELSE 1 / (zero_size_1 + 1 / (zero_size_1 + 2 / (zero_size_1 + 3 / (zero_size_1 + 4 / (zero_size_1 + 0.65e0))))) / 2.506628274631e0 END) ELSE 0e0 END AS below_1,
    CASE WHEN zero_z_2 <= 1e308 THEN abs((zero_z_2 > 0)::DOUBLE - exp(-zero_size_2 * zero_size_2 / 2) * CASE WHEN zero_size_2 < 7.07106781186547e0 THEN ((((((0.0352624965998911e0 * zero_size_2 + 0.700383064443688e0) * zero_size_2 + 6.37396220353165e0) * zero_size_2 + 33.912866078383e0) * zero_size_2 + 112.079291497871e0) * zero_size_2 + 221.213596169931e0) * zero_size_2 + 220.206867912376e0) / (((((((0.0883883476483184e0 * zero_size_2 + 1.75566716318264e0) * zero_size_2 + 16.064177579207e0) * zero_size_2 + 86.7807322029461e0) * zero_size_2 + 296.564248779674e0) * zero_size_2 + 637.333633378831e0) * zero_size_2 + 793.826512519948e0) * zero_size_2 + 440.413735824752e0) ELSE 1 / (zero_size_2 + 1 / (zero_size_2 + 2 / (zero_size_2 + 3 / (zero_size_2 + 4 / (zero_size_2 + 0.65e0))))) / 2.506628274631e0 END) ELSE 0e0 END AS below_2
  FROM priced_5
),
priced_7 AS (
  SELECT *,
    CASE WHEN short_put_iv + long_put_iv + short_call_iv + long_call_iv + short_put_forward <= 1e308 AND short_put_years > 0 THEN greatest(0e0, least(1e0, CASE WHEN kept + (short_call_strike - long_call_strike) > 1e-9 THEN 1e0 ELSE 0e0 END - below_1 + below_2)) END AS pop
  FROM priced_6
),
priced AS (
  SELECT *,
    (expected_value / max_loss) AS score
  FROM priced_7
)
SELECT short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id, score
FROM priced
WHERE pop BETWEEN $n2 - 1e-9 AND 1e308
  AND score <= 1e308
ORDER BY round(score, 10) DESC, short_put_row_id, long_put_row_id, short_call_row_id, long_call_row_id
LIMIT $keep;
