SELECT
  account, seq, recorded_at, kind AS decision, strategy, order_ref, position, snapshot, digest,
  spread->>'$.structure' AS structure,
  coalesce(quantity, contracts) AS quantity,
  limit_price,
  coalesce(rule, reason, obstacle->>'$.gate') AS reason,
  by_whom, obstacle, verdicts, spread, candidate, "values" AS measures
FROM (
  SELECT * FROM facts WHERE kind <> 'EntryDenied'
  UNION ALL
  SELECT * FROM explanations WHERE kind = 'EntryDenied'
)
WHERE kind IN (
  'EntryDenied', 'OrderProposed', 'ApprovalAsked', 'OrderTightened', 'OrderApproved', 'OrderDenied', 'OrderDeclined', 'OrderExpired', 'OrderSent',
  'OrderRepriced', 'CancelRequested', 'ExitTriggered', 'PositionAdopted'
)
