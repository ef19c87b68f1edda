-- The fold of domain/position.py: what is held of each leg, the combinations that it makes, and what was made on the rest.
WITH known AS MATERIALIZED (
  SELECT * FROM orders
),
opened AS MATERIALIZED (
  SELECT * FROM known WHERE position = order_ref AND filled > 0
),
-- Openings that took the place of what was closed of a position, and became a part of it.
rolled AS MATERIALIZED (
  SELECT * FROM known WHERE purpose = 'open' AND position <> order_ref
),
rolls AS (
  SELECT
    account, position, count(*) FILTER (filled > 0) AS number, sum(commission) AS commission,
    max(expires_at) FILTER (filled > 0) AS expires_at,
    arg_max(onward_growth, seq) FILTER (filled > 0) AS onward_growth,
    arg_max(onward_discount, seq) FILTER (filled > 0) AS onward_discount
  FROM rolled
  GROUP BY ALL
),
-- Every leg that was opened, with the place in the structure that it took: that of its right and its direction.
opened_legs AS MATERIALIZED (
  SELECT l.account, l.position, l.seq, l.spot, l.filled, l.leg, l.is_opening, CASE WHEN l.is_opening THEN l.spot ELSE r.role END AS role
  FROM (
    SELECT account, position, seq, filled, true AS is_opening, unnest(legs) AS leg, generate_subscripts(legs, 1) AS spot FROM opened
    UNION ALL
    SELECT account, position, seq, filled, false, unnest(legs), generate_subscripts(legs, 1) FROM rolled WHERE filled > 0
  ) AS l
  LEFT JOIN (
    SELECT account, position, leg.put_call AS put_call, leg.action AS action, min(spot) AS role
    FROM (SELECT account, position, unnest(legs) AS leg, generate_subscripts(legs, 1) AS spot FROM opened)
    GROUP BY ALL
  ) AS r ON r.account = l.account AND r.position = l.position AND r.put_call = l.leg.put_call AND r.action = l.leg.action
),
last_opened AS (
  SELECT account, position, leg.con_id AS con_id, arg_max(leg.action, seq * 100 + spot) AS action
  FROM opened_legs
  GROUP BY ALL
),
closings AS (
  SELECT
    account, position,
    coalesce(sum(cash) FILTER (filled > 0), 0) AS cash,
    max(last_executed_at) FILTER (filled > 0) AS closed_at,
    arg_max(reason, seq) FILTER (filled > 0) AS reason,
    sum(commission) AS commission
  FROM known
  WHERE purpose = 'close'
  GROUP BY ALL
),
expired_legs AS MATERIALIZED (
  SELECT account, order_ref AS position, unnest(expired) AS leg FROM opened WHERE expired IS NOT NULL
),
-- Options that became shares count as closed at nothing, and the shares change hands at the strike.
became AS MATERIALIZED (
  SELECT account, position, seq, con_id, contracts, (share->>'$.con_id')::BIGINT AS share_con_id, shares, price, exercised_at
  FROM facts
  WHERE kind = 'OptionsExercised'
),
-- domain/shares.py: all shares that came and went, in the direction of those that are left.
share_flows AS (
  SELECT account, position, seq, share_con_id, shares, price FROM became
  UNION ALL
  SELECT account, position, seq, leg.con_id, CASE leg.action WHEN 'buy' THEN -1 ELSE 1 END * leg.ratio * filled, leg.price
  FROM (SELECT account, position, seq, filled, unnest(legs) AS leg FROM known WHERE purpose = 'close' AND filled > 0)
  WHERE leg.strike = 0
),
share_lots AS MATERIALIZED (
  SELECT
    f.account, f.position, any_value(f.share_con_id) AS con_id, any_value(s.sign) AS sign,
    sum(f.shares * s.sign) FILTER (f.shares * s.sign > 0)::BIGINT AS opened,
    coalesce(-sum(f.shares * s.sign) FILTER (f.shares * s.sign < 0), 0)::BIGINT AS closed,
    abs(sum(f.shares))::BIGINT AS held,
    sum(f.shares * f.price) FILTER (f.shares * s.sign > 0) / sum(f.shares) FILTER (f.shares * s.sign > 0) AS opening_price,
    sum(f.shares * f.price) FILTER (f.shares * s.sign < 0) / sum(f.shares) FILTER (f.shares * s.sign < 0) AS closing_price
  FROM share_flows AS f
  JOIN (
    SELECT account, position, CASE WHEN sum(shares) <> 0 THEN sign(sum(shares)) ELSE sign(arg_min(shares, seq)) END AS sign
    FROM share_flows
    GROUP BY ALL
  ) AS s ON s.account = f.account AND s.position = f.position
  GROUP BY f.account, f.position
),
-- A close counts in whole combinations of its own legs. A leg that is over before others counts as closed at what it turned into.
closed_legs AS (
  SELECT account, position, con_id, action, sum(closed) AS closed, sum(cash) AS cash
  FROM (
    SELECT
      account, position, leg.con_id AS con_id, leg.action AS action, filled * leg.ratio AS closed,
      filled * leg.ratio * leg.price AS cash
    FROM (SELECT account, position, filled, unnest(legs) AS leg FROM known WHERE purpose = 'close' AND filled > 0)
    UNION ALL
    SELECT e.account, e.position, e.con_id, l.action, e.closed, e.cash
    FROM (
      SELECT account, position, leg.con_id AS con_id, leg.contracts AS closed, leg.contracts * leg.worth AS cash FROM expired_legs
      UNION ALL
      SELECT account, position, con_id, contracts, 0 FROM became
    ) AS e
    JOIN last_opened AS l ON l.account = e.account AND l.position = e.position AND l.con_id = e.con_id
  )
  GROUP BY ALL
),
-- domain/lots.py: what is closed of a contract is taken from the lot that was opened first; what is too much of it, from the last.
-- `left_over` is held until a settlement, which ends all of it. The structure stands in the lot of each place that came last.
leg_lots AS MATERIALIZED (
  SELECT
    *, greatest(0, opened - closed) AS left_over, CASE WHEN closed > 0 THEN closed_for END AS closing_price,
    row_number() OVER (
      PARTITION BY account, position ORDER BY NOT is_standing, CASE WHEN is_standing THEN role END, seq, spot
    ) AS place
  FROM (
    SELECT
      o.account, o.position, o.seq, o.spot, o.role, o.is_opening,
      o.leg.con_id AS con_id, o.leg.action AS action, o.leg.put_call AS put_call, o.leg.strike AS strike, o.leg.expiry AS expiry,
      o.leg.ratio AS ratio, CASE o.leg.action WHEN 'buy' THEN 1 ELSE -1 END AS sign,
      o.filled * o.leg.ratio AS opened,
      row_number() OVER (PARTITION BY o.account, o.position, o.role ORDER BY o.seq DESC) = 1 AS is_standing,
      greatest(0, CASE
        WHEN row_number() OVER lots = count(*) OVER (PARTITION BY o.account, o.position, o.leg.con_id, o.leg.action)
          THEN coalesce(c.closed, 0) - (sum(o.filled * o.leg.ratio) OVER lots - o.filled * o.leg.ratio)
        ELSE least(
          o.filled * o.leg.ratio, coalesce(c.closed, 0) - (sum(o.filled * o.leg.ratio) OVER lots - o.filled * o.leg.ratio)
        )
      END) AS closed,
      o.leg.price AS opening_price, c.cash / c.closed AS closed_for
    FROM opened_legs AS o
    LEFT JOIN closed_legs AS c
      ON c.account = o.account AND c.position = o.position AND c.con_id = o.leg.con_id AND c.action = o.leg.action
    WINDOW lots AS (
      PARTITION BY o.account, o.position, o.leg.con_id, o.leg.action ORDER BY o.seq, o.spot
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  )
),
-- domain/parts.py: whole combinations first; then each short with a long of its right, in the order of the structure; then what
-- stands alone. Of one right every long covers every short, so that pairs are where both stand in line at the same number.
wholes AS (
  SELECT
    account, position,
    -- A side that was rolled to another day is no combination with the other one.
    CASE
      WHEN count(DISTINCT expiry) FILTER (is_standing AND sign < 0) <= 1
        AND count(DISTINCT expiry) FILTER (is_standing AND sign > 0) <= 1
      THEN min(left_over // ratio) FILTER (is_standing)
      ELSE 0
    END AS quantity,
    count(DISTINCT put_call) FILTER (is_standing OR left_over > 0) > 1 AS has_both
  FROM leg_lots
  GROUP BY ALL
),
lined_up AS (
  SELECT
    l.account, l.position, l.place, l.sign, l.action, l.put_call, w.has_both,
    l.left_over - CASE WHEN l.is_standing THEN w.quantity * l.ratio ELSE 0 END AS rest,
    sum(l.left_over - CASE WHEN l.is_standing THEN w.quantity * l.ratio ELSE 0 END) OVER before AS last
  FROM leg_lots AS l
  JOIN wholes AS w ON w.account = l.account AND w.position = l.position
  WINDOW before AS (
    PARTITION BY l.account, l.position, l.put_call, l.sign ORDER BY l.place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),
taken_apart AS (
  SELECT account, position, 0 AS rank_1, 0 AS rank_2, 'whole' AS what, '' AS side, quantity, NULL::BIGINT[] AS places
  FROM wholes
  UNION ALL
  -- As it was opened: not open by itself, but what the position could lose at first is reckoned by the same rule.
  SELECT account, order_ref, 3, 0, 'opened', '', filled, NULL FROM opened
  UNION ALL
  SELECT
    s.account, s.position, 1, s.place * 100 + b.place, 'pair', CASE WHEN s.has_both THEN s.put_call ELSE '' END,
    least(s.last, b.last) - greatest(s.last - s.rest, b.last - b.rest),
    [least(s.place, b.place), greatest(s.place, b.place)]
  FROM lined_up AS s
  JOIN lined_up AS b ON b.account = s.account AND b.position = s.position AND b.put_call = s.put_call
  WHERE s.sign < 0 AND b.sign > 0
  UNION ALL
  SELECT
    a.account, a.position, 2, a.place, CASE a.action WHEN 'buy' THEN 'long' ELSE 'short' END,
    CASE WHEN a.has_both THEN a.put_call ELSE '' END,
    least(a.rest, a.last - coalesce(o.total, 0)),
    [a.place]
  FROM lined_up AS a
  LEFT JOIN (
    SELECT account, position, put_call, sign, sum(rest) AS total FROM lined_up GROUP BY ALL
  ) AS o ON o.account = a.account AND o.position = a.position AND o.put_call = a.put_call AND o.sign = -a.sign
),
part_legs AS MATERIALIZED (
  SELECT
    t.* EXCLUDE (places), l.con_id, l.place, l.sign, l.put_call, l.strike, l.expiry, l.opening_price,
    CASE t.what WHEN 'opened' THEN o.onward_discount ELSE coalesce(r.onward_discount, o.onward_discount) END AS onward_discount,
    CASE t.what WHEN 'opened' THEN o.onward_growth ELSE coalesce(r.onward_growth, o.onward_growth) END AS onward_growth, o.root IN ({{european_roots}}) AS is_european,
    min(l.expiry) OVER (PARTITION BY t.account, t.position, t.rank_1, t.rank_2) AS first_expiry,
    CASE WHEN t.places IS NULL THEN l.ratio ELSE 1 END AS ratio
  FROM taken_apart AS t
  JOIN leg_lots AS l ON l.account = t.account AND l.position = t.position AND CASE t.what
    WHEN 'opened' THEN l.is_opening
    WHEN 'whole' THEN l.is_standing
    ELSE list_contains(t.places, l.place)
  END
  JOIN opened AS o ON o.account = t.account AND o.order_ref = t.position
  LEFT JOIN rolls AS r ON r.account = t.account AND r.position = t.position
  WHERE t.quantity > 0
),
-- The least that a combination can be worth when its first leg expires, USD per share: it bends at 0 and at its strikes, and beyond
-- the last of them follows its calls. What is bought and lives longer counts the least that it can be worth then; of European
-- options that is discounted, and the underlying is looked at to twice the highest strike. What is owed must not live longer.
floors AS (
  SELECT account, position, rank_1, rank_2, CASE WHEN min(slope) >= 0 AND NOT bool_or(outlives) THEN min(worth) END AS floor
  FROM (
    SELECT
      l.account, l.position, l.rank_1, l.rank_2, c.level,
      sum(l.sign * l.ratio * CASE
        WHEN l.is_european AND l.expiry > l.first_expiry THEN l.onward_discount * greatest(
          0, CASE l.put_call WHEN 'C' THEN c.level * l.onward_growth - l.strike ELSE l.strike - c.level * l.onward_growth END
        )
        ELSE greatest(0, CASE l.put_call WHEN 'C' THEN c.level - l.strike ELSE l.strike - c.level END)
      END) AS worth,
      bool_or(l.sign < 0 AND l.expiry > l.first_expiry) AS outlives,
      coalesce(sum(l.sign * l.ratio) FILTER (l.put_call = 'C'), 0) AS slope
    FROM part_legs AS l
    JOIN (
      SELECT DISTINCT account, position, rank_1, rank_2, strike AS level FROM part_legs
      UNION
      SELECT DISTINCT account, position, rank_1, rank_2, 0 FROM part_legs
      UNION
      SELECT DISTINCT account, position, rank_1, rank_2, strike / onward_growth FROM part_legs WHERE expiry > first_expiry
      UNION
      SELECT account, position, rank_1, rank_2, {{doubled}} * max(strike) FROM part_legs GROUP BY ALL HAVING max(expiry) > min(expiry)
    ) AS c ON c.account = l.account AND c.position = l.position AND c.rank_1 = l.rank_1 AND c.rank_2 = l.rank_2
    GROUP BY ALL
  )
  GROUP BY ALL
),
reckoned AS MATERIALIZED (
  SELECT
    p.account, p.position, p.rank_1, p.rank_2, p.quantity,
    o.structure || CASE p.what
      WHEN 'whole' THEN ''
      WHEN 'opened' THEN ''
      WHEN 'pair' THEN CASE p.side WHEN 'P' THEN ' put side' WHEN 'C' THEN ' call side' ELSE ' part' END
      ELSE ' ' || p.what || CASE p.side WHEN 'P' THEN ' put' WHEN 'C' THEN ' call' ELSE '' END
    END AS name,
    p.opening_net,
    -- Where nothing bounds it, it is not known; greatest() would pass over that.
    CASE WHEN f.floor IS NOT NULL THEN greatest(
      0, -(f.floor + p.opening_net) * o.multiplier + o.fees_estimated / o.quantity * p.contracts / w.contracts
    ) END * p.quantity AS max_loss,
    p.legs
  FROM (
    SELECT
      account, position, rank_1, rank_2, what, side, quantity,
      -sum(sign * ratio * opening_price) AS opening_net, sum(ratio) AS contracts,
      list({'con_id': con_id, 'ratio': ratio, 'sign': sign} ORDER BY place) AS legs
    FROM part_legs
    GROUP BY ALL
  ) AS p
  JOIN floors AS f ON f.account = p.account AND f.position = p.position AND f.rank_1 = p.rank_1 AND f.rank_2 = p.rank_2
  JOIN opened AS o ON o.account = p.account AND o.order_ref = p.position
  JOIN (
    SELECT account, position, sum(ratio) AS contracts FROM leg_lots WHERE is_opening GROUP BY ALL
  ) AS w ON w.account = p.account AND w.position = p.position
),
-- What stands alone beside shares protects them: what they can lose together is counted with the shares.
open_parts AS (
  SELECT
    account, position, first(quantity ORDER BY rank_1, rank_2) AS quantity, sum(max_loss) AS max_loss,
    count(max_loss) = count(*) AS is_bounded,
    list({
      'structure': name, 'quantity': quantity, 'opening_net': opening_net::DECIMAL(18,6), 'max_loss': max_loss::DECIMAL(18,4),
      'legs': legs
    } ORDER BY rank_1, rank_2) AS parts
  FROM (
    SELECT r.* REPLACE (CASE WHEN r.rank_1 = 2 AND s.held > 0 THEN 0 ELSE r.max_loss END AS max_loss)
    FROM reckoned AS r
    LEFT JOIN share_lots AS s ON s.account = r.account AND s.position = r.position
  )
  WHERE rank_1 < 3
  GROUP BY ALL
),
beside_shares AS (
  SELECT s.account, s.position, 'C' AS put_call, 0 AS strike, s.sign * s.held AS owned, s.opening_price
  FROM share_lots AS s
  WHERE s.held > 0
  UNION ALL
  SELECT l.account, l.position, l.put_call, l.strike, l.sign * l.quantity * o.multiplier, l.opening_price
  FROM part_legs AS l
  JOIN opened AS o ON o.account = l.account AND o.order_ref = l.position
  JOIN share_lots AS s ON s.account = l.account AND s.position = l.position AND s.held > 0
  WHERE l.rank_1 = 2 AND o.settled_value IS NULL
),
-- Upward the underlying is looked at to twice the highest price in it: of shares that are owed nothing bounds the loss.
shares_open AS (
  SELECT
    s.account, s.position, s.held AS quantity, greatest(0, w.cost - w.least) AS max_loss,
    [{
      'structure': o.structure || ' shares', 'quantity': s.held, 'opening_net': (-s.sign * s.opening_price)::DECIMAL(18,6),
      'max_loss': greatest(0, w.cost - w.least)::DECIMAL(18,4), 'legs': [{'con_id': s.con_id, 'ratio': 1, 'sign': s.sign}]
    }] AS parts
  FROM share_lots AS s
  JOIN opened AS o ON o.account = s.account AND o.order_ref = s.position
  JOIN (
    SELECT account, position, any_value(cost) AS cost, min(worth) AS least
    FROM (
      SELECT
        b.account, b.position, c.level, sum(b.owned * b.opening_price) AS cost,
        sum(b.owned * greatest(0, CASE b.put_call WHEN 'C' THEN c.level - b.strike ELSE b.strike - c.level END)) AS worth
      FROM beside_shares AS b
      JOIN (
        SELECT DISTINCT account, position, strike AS level FROM beside_shares
        UNION
        SELECT account, position, {{doubled}} * greatest(max(strike), max(opening_price) FILTER (strike = 0)) FROM beside_shares
        GROUP BY ALL
      ) AS c ON c.account = b.account AND c.position = b.position
      GROUP BY b.account, b.position, c.level
    )
    GROUP BY ALL
  ) AS w ON w.account = s.account AND w.position = s.position
  WHERE s.held > 0
),
held AS (
  SELECT
    o.account, o.position,
    any_value(s.is_settled) AS is_settled, any_value(s.brought) AS brought,
    min(CASE WHEN s.is_settled THEN 0 ELSE l.left_over END // l.ratio) FILTER (l.is_standing) AS whole,
    max(greatest(0, l.closed - l.opened)) AS excess,
    max(ceil(l.closed / l.ratio)) AS times,
    sum(
      l.sign * (
        coalesce(l.closing_price * least(l.closed, l.opened), 0)
        - l.opening_price * (l.opened - CASE WHEN s.is_settled THEN 0 ELSE l.left_over END)
      )
    ) AS made,
    list({
      'con_id': l.con_id, 'action': l.action, 'ratio': l.ratio, 'put_call': l.put_call, 'strike': l.strike, 'expiry': l.expiry,
      'opened': l.opened, 'closed': l.closed, 'held': CASE WHEN s.is_settled THEN 0 ELSE l.left_over END,
      'opening_price': l.opening_price, 'closing_price': l.closing_price
    } ORDER BY l.seq, l.spot) AS lots
  FROM opened AS o
  JOIN (
    -- A settlement ends what was open; its value is that of one combination of the first part.
    SELECT
      o.account, o.order_ref AS position,
      o.settled_value IS NOT NULL AND p.quantity IS NOT NULL AS is_settled,
      CASE WHEN p.quantity IS NOT NULL THEN coalesce(o.settled_value * p.quantity, 0) ELSE 0 END AS brought
    FROM opened AS o
    LEFT JOIN open_parts AS p ON p.account = o.account AND p.position = o.order_ref
  ) AS s ON s.account = o.account AND s.position = o.order_ref
  JOIN leg_lots AS l ON l.account = o.account AND l.position = o.order_ref
  GROUP BY o.account, o.position
),
-- What a person took out of the engine's hands is not open here any more; what was closed of it before keeps its result.
released AS (
  SELECT account, position, min(recorded_at) AS released_at, arg_min(by_whom, seq) AS by_whom, arg_min(reason, seq) AS reason
  FROM facts
  WHERE kind = 'PositionReleased'
  GROUP BY ALL
)
SELECT
  p.* REPLACE (
    CASE WHEN r.position IS NULL THEN p.quantity ELSE 0 END AS quantity,
    p.is_open AND r.position IS NULL AS is_open,
    CASE WHEN r.position IS NULL THEN p.max_loss ELSE 0 END AS max_loss,
    coalesce(r.released_at, p.closed_at) AS closed_at,
    coalesce('released by ' || r.by_whom || ': ' || r.reason, p.close_reason) AS close_reason,
    CASE WHEN r.position IS NULL THEN p.parts ELSE [] END AS parts
  )
FROM (
  SELECT
    o.account, o.order_ref AS position, o.strategy, o.digest, o.underlying, o.root, o.structure, o.expiry, o.multiplier, o.spread,
    o.rolled_from, coalesce(r.number, 0) AS rolls, o.first_executed_at AS opened_at, o.filled AS opened,
    o.filled - h.whole AS closed,
    coalesce(CASE WHEN NOT h.is_settled THEN p.quantity END, a.quantity, 0)::BIGINT AS quantity,
    h.excess::BIGINT AS excess,
    (p.quantity IS NOT NULL AND NOT h.is_settled) OR a.quantity IS NOT NULL AS is_open,
    o.net_filled AS opening_net,
    ((
      h.brought + coalesce(x.brought, 0) + (coalesce(c.cash, 0) - coalesce(e.paid, 0)) / o.multiplier
    ) / nullif(greatest(o.filled - h.whole, h.times), 0))::DECIMAL(18,6) AS closing_net,
    ((h.brought + h.made) * o.multiplier + coalesce(
      g.sign * (coalesce(g.closing_price * g.closed, 0) - g.opening_price * (g.opened - g.held)), 0
    ))::DECIMAL(18,4) AS realised,
    o.commission + coalesce(c.commission, 0) + coalesce(r.commission, 0) AS fees,
    -- Null where a call is owed that nothing covers: no number bounds the loss.
    CASE
      WHEN p.quantity IS NULL OR h.is_settled THEN coalesce(a.max_loss, 0)
      WHEN p.is_bounded THEN p.max_loss + coalesce(a.max_loss, 0)
    END::DECIMAL(18,4) AS max_loss,
    first.max_loss::DECIMAL(18,4) AS max_loss_opened,
    CASE
      WHEN a.quantity IS NOT NULL THEN NULL
      WHEN h.is_settled AND e.paid IS NULL THEN least(o.settled_at, greatest(o.expires_at, r.expires_at))
      WHEN h.is_settled THEN greatest(c.closed_at, e.exercised_at, least(o.settled_at, greatest(o.expires_at, r.expires_at)))
      WHEN p.quantity IS NULL THEN greatest(c.closed_at, o.legs_expired_at, e.exercised_at)
    END AS closed_at,
    CASE
      WHEN h.is_settled THEN 'settled at expiry'
      ELSE coalesce(c.reason, CASE WHEN e.paid IS NOT NULL THEN 'exercised' END, '')
    END AS close_reason,
    CASE WHEN g.con_id IS NULL THEN h.lots ELSE list_append(h.lots, {
      'con_id': g.con_id, 'action': CASE WHEN g.sign > 0 THEN 'buy' ELSE 'sell' END, 'ratio': 1, 'put_call': 'C', 'strike': 0,
      'expiry': DATE '9999-12-31', 'opened': g.opened, 'closed': g.closed, 'held': g.held, 'opening_price': g.opening_price,
      'closing_price': g.closing_price
    }) END AS lots,
    list_concat(CASE WHEN h.is_settled THEN [] ELSE coalesce(p.parts, []) END, coalesce(a.parts, [])) AS parts
  FROM opened AS o
  JOIN held AS h ON h.account = o.account AND h.position = o.order_ref
  JOIN reckoned AS first ON first.account = o.account AND first.position = o.order_ref AND first.rank_1 = 3
  LEFT JOIN open_parts AS p ON p.account = o.account AND p.position = o.order_ref
  LEFT JOIN (
    SELECT e.account, e.position, sum(CASE l.action WHEN 'buy' THEN 1 ELSE -1 END * e.leg.contracts * e.leg.worth) AS brought
    FROM expired_legs AS e
    JOIN last_opened AS l ON l.account = e.account AND l.position = e.position AND l.con_id = e.leg.con_id
    GROUP BY ALL
  ) AS x ON x.account = o.account AND x.position = o.order_ref
  LEFT JOIN (
    SELECT account, position, sum(shares * price) AS paid, max(exercised_at) AS exercised_at FROM became GROUP BY ALL
  ) AS e ON e.account = o.account AND e.position = o.order_ref
  LEFT JOIN share_lots AS g ON g.account = o.account AND g.position = o.order_ref
  LEFT JOIN shares_open AS a ON a.account = o.account AND a.position = o.order_ref
  LEFT JOIN closings AS c ON c.account = o.account AND c.position = o.order_ref
  LEFT JOIN rolls AS r ON r.account = o.account AND r.position = o.order_ref
) AS p
LEFT JOIN released AS r ON r.account = p.account AND r.position = p.position
