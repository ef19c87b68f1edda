-- At-the-money volatility at the last snapshot of each day, between two expiries by variance over time; null where 30 days are
-- not bracketed.
WITH lasts AS (
  SELECT account, "date", underlying, max(as_of) AS as_of
  FROM quotes
  GROUP BY ALL
),
terms AS (
  SELECT q.account, q."date", q.underlying, q.as_of, q.dte, avg(q.atm_iv) AS atm_iv, any_value(q.spot) AS spot
  FROM quotes AS q
  JOIN lasts USING (account, "date", underlying, as_of)
  WHERE q.dte > 0 AND q.atm_iv IS NOT NULL
  GROUP BY ALL
),
bracketed AS (
  SELECT
    account, "date", underlying, as_of, any_value(spot) AS spot,
    max(dte) FILTER (dte <= 30) AS near_days, arg_max(atm_iv, dte) FILTER (dte <= 30) AS near_iv,
    min(dte) FILTER (dte >= 30) AS far_days, arg_min(atm_iv, dte) FILTER (dte >= 30) AS far_iv
  FROM terms
  GROUP BY ALL
)
SELECT
  account, "date", underlying, as_of, spot,
  CASE
    WHEN near_days = far_days THEN near_iv
    ELSE sqrt(
      ((far_days - 30) * near_iv ** 2 * near_days + (30 - near_days) * far_iv ** 2 * far_days) / ((far_days - near_days) * 30)
    )
  END AS iv30,
  near_days, near_iv, far_days, far_iv
FROM bracketed
