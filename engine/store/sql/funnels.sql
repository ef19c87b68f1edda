SELECT
  account, seq, recorded_at, strategy, snapshot, number AS step,
  list[number].condition AS condition, list[number].passed AS passed, list[number].unknown AS unknown, nearest_miss
FROM (
  SELECT *, unnest(generate_series(1, len(list))) AS number
  FROM (
    SELECT
      account, seq, recorded_at, strategy, snapshot, nearest_miss,
      from_json(steps, '[{"condition": "VARCHAR", "passed": "BIGINT", "unknown": "BIGINT"}]') AS list
    FROM explanations
    WHERE kind = 'FunnelRecorded'
  )
)
