INSERT INTO {schema}.state (task, part, mark, fingerprint, rows, facts, load_id, outcome, finished_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (task, part) DO UPDATE SET
  mark = EXCLUDED.mark, fingerprint = EXCLUDED.fingerprint, rows = EXCLUDED.rows,
  facts = EXCLUDED.facts, load_id = EXCLUDED.load_id, outcome = EXCLUDED.outcome,
  finished_at = EXCLUDED.finished_at
