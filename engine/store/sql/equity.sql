SELECT account, seq, recorded_at, net_liquidation, available_funds, excess_liquidity, day_pnl
FROM facts
WHERE kind = 'EquityRecorded'
