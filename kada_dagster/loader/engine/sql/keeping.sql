-- What may keep rows of a table (%(oid)s) from being deleted without an error; a row each.
WITH RECURSIVE own(oid) AS (  -- a DELETE takes the rows of its partitions and heirs, too
  SELECT %(oid)s::oid
  UNION SELECT h.inhrelid FROM own JOIN pg_catalog.pg_inherits h ON h.inhparent = own.oid
)
SELECT 'trigger ' || t.tgname FROM pg_catalog.pg_trigger t JOIN own ON own.oid = t.tgrelid
WHERE t.tgtype & 11 = 11 AND t.tgenabled <> 'D'  -- for each row, before, delete
UNION SELECT 'rule ' || r.rulename FROM pg_catalog.pg_rewrite r JOIN own ON own.oid = r.ev_class
WHERE r.ev_type = '4' AND r.is_instead AND r.ev_enabled <> 'D'
UNION SELECT 'row level security' FROM pg_catalog.pg_class c JOIN own ON own.oid = c.oid
WHERE c.relrowsecurity
ORDER BY 1
