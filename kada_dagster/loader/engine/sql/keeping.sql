-- What may keep rows of a table (%(oid)s) without an error from what a statement does; a row each.
-- %(trigger)s and %(rule)s: the statement, as triggers and rules name it; %(deletes)s: it is a DELETE.
WITH RECURSIVE own(oid) AS (  -- a statement reaches the rows of its partitions and heirs, too
  SELECT %(oid)s::oid
  UNION SELECT h.inhrelid FROM own JOIN pg_catalog.pg_inherits h ON h.inhparent = own.oid
)
SELECT 'trigger ' || t.tgname FROM pg_catalog.pg_trigger t JOIN own ON own.oid = t.tgrelid
WHERE t.tgtype & 3 = 3 AND t.tgtype & %(trigger)s <> 0 AND t.tgenabled <> 'D'  -- for each row, before
UNION SELECT 'rule ' || r.rulename FROM pg_catalog.pg_rewrite r JOIN own ON own.oid = r.ev_class
WHERE r.ev_type = %(rule)s AND r.is_instead AND r.ev_enabled <> 'D'
UNION SELECT 'row level security' FROM pg_catalog.pg_class c JOIN own ON own.oid = c.oid
WHERE c.relrowsecurity AND %(deletes)s
ORDER BY 1
