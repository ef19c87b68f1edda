SELECT * FROM facts
WHERE kind IN ('FunnelRecorded', 'CandidatesRecorded', 'EntryDenied')
UNION ALL
SELECT * FROM ({{explained}})
