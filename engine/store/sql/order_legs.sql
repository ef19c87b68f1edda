SELECT
  account, order_ref,
  (leg->>'$.contract.con_id')::BIGINT AS con_id,
  leg->>'$.contract.underlying' AS underlying,
  leg->>'$.contract.root' AS root,
  (leg->>'$.contract.expiry')::DATE AS expiry,
  (leg->>'$.contract.strike')::DECIMAL(18,6) AS strike,
  leg->>'$.contract.put_call' AS put_call,
  (leg->>'$.contract.multiplier')::BIGINT AS multiplier,
  leg->>'$.action' AS action,
  (leg->>'$.ratio')::BIGINT AS ratio
FROM (
  SELECT account, order_ref, unnest(from_json(spread->'$.legs', '["JSON"]')) AS leg
  FROM facts
  WHERE kind = 'OrderProposed'
)
