INSERT INTO {schema}.state (task, part, mark, fingerprint, rows, facts, finished_at)
VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (task, part) DO UPDATE SET
  mark = EXCLUDED.mark, fingerprint = EXCLUDED.fingerprint, rows = EXCLUDED.rows,
  facts = EXCLUDED.facts, finished_at = EXCLUDED.finished_at
