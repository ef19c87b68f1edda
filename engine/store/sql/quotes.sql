SELECT
  account, "date", underlying, make_timestamp(epoch_us(as_of)) AS as_of, snapshot, root, expiry,
  expiry - make_timestamp(epoch_us(as_of))::DATE AS dte,
  CASE put_call WHEN 1 THEN 'C' ELSE 'P' END AS put_call,
  (strike_thousandths * 0.001)::DECIMAL(12,3) AS strike,
  con_id, multiplier, spot, atm_iv,
  (bid_cents * 0.01)::DECIMAL(12,2) AS bid,
  (ask_cents * 0.01)::DECIMAL(12,2) AS ask,
  bid_size, ask_size,
  (last_cents * 0.01)::DECIMAL(12,2) AS last,
  volume, open_interest, age_s,
  iv_1e4 / 10000.0 AS iv,
  rate, dividend
FROM read_parquet({{chains}}, hive_partitioning = true, hive_types = {'date': DATE, 'underlying': VARCHAR})
