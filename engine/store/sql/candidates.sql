SELECT
  account, seq, recorded_at, strategy, snapshot,
  (row->>'$.rank')::BIGINT AS rank,
  (row->>'$.score')::DOUBLE AS score,
  row->>'$.underlying' AS underlying,
  row->>'$.root' AS root,
  row->'$.legs' AS legs,
  (row->>'$.net')::DOUBLE AS net,
  (row->>'$.natural')::DOUBLE AS natural_net,
  (row->>'$.width')::DOUBLE AS width,
  (row->>'$.max_profit')::DOUBLE AS max_profit,
  (row->>'$.max_loss')::DOUBLE AS max_loss,
  (row->>'$.fees')::DOUBLE AS fees,
  (row->'$.breakevens')::DOUBLE[] AS breakevens,
  (row->>'$.pop')::DOUBLE AS pop,
  (row->>'$.expected_value')::DOUBLE AS expected_value,
  (row->>'$.return_on_risk')::DOUBLE AS return_on_risk,
  (row->>'$.delta')::DOUBLE AS delta,
  (row->>'$.gamma')::DOUBLE AS gamma,
  (row->>'$.theta')::DOUBLE AS theta,
  (row->>'$.vega')::DOUBLE AS vega
FROM (
  SELECT account, seq, recorded_at, strategy, snapshot, unnest(from_json(candidates, '["JSON"]')) AS row
  FROM explanations
  WHERE kind = 'CandidatesRecorded'
)
