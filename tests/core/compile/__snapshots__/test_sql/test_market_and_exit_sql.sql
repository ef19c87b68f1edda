SELECT row_number, CASE WHEN iv_rank <= 1e308 THEN iv_rank >= $n1 - 1e-9 END AS answer_0, (CASE WHEN vix <= 1e308 THEN vix >= $n2 - 1e-9 END AND CASE WHEN vix <= 1e308 THEN vix <= $n3 + 1e-9 END) AS answer_1, (NOT event_2) AS answer_2, CASE WHEN price <= 1e308 AND sma_50 <= 1e308 THEN price > sma_50 + 1e-9 END AS answer_3
FROM market;

SELECT row_number, CASE WHEN profit <= 1e308 AND ($n1 * credit) <= 1e308 THEN profit >= ($n1 * credit) - 1e-9 END AS answer_0, CASE WHEN dte <= 1e308 THEN dte <= $n2 + 1e-9 END AS answer_1, short_strike_breached AS answer_2, CASE WHEN short_delta <= 1e308 THEN short_delta >= $n3 - 1e-9 END AS answer_3
FROM positions;
