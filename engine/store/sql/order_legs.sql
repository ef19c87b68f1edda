SELECT
  account, order_ref, place,
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
  SELECT account, order_ref, unnest(list) AS leg, generate_subscripts(list, 1) AS place
  FROM (
    SELECT account, order_ref, from_json(spread->'$.legs', '["JSON"]') AS list
    FROM facts
    WHERE kind = 'OrderProposed'
  )
)
