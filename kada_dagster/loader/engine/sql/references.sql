-- Foreign keys because of which rows of a table (%(oid)s) are not deleted; a row a reason.
-- %(is_part)s: only some of its rows go, so that others of it may refer to them.
-- %(is_guarded)s: keys that only keep a row from being deleted are no reason.
WITH RECURSIVE own(oid) AS (  -- a DELETE takes the rows of its partitions and heirs, too
  SELECT %(oid)s::oid
  UNION SELECT h.inhrelid FROM own JOIN pg_catalog.pg_inherits h ON h.inhparent = own.oid
),
above(oid) AS (  -- who refers to the whole refers to the partition
  SELECT %(oid)s::oid
  UNION SELECT h.inhparent FROM above
    JOIN pg_catalog.pg_class c ON c.oid = above.oid AND c.relispartition
    JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
),
family(oid) AS (SELECT oid FROM own UNION SELECT oid FROM above),
keys AS (
  SELECT k.conname, k.conrelid, k.confdeltype NOT IN ('a', 'r') AS reaches,
    CASE k.confdeltype WHEN 'c' THEN ' ON DELETE CASCADE' WHEN 'n' THEN ' ON DELETE SET NULL'
                       WHEN 'd' THEN ' ON DELETE SET DEFAULT' END AS action
  FROM pg_catalog.pg_constraint k
  WHERE k.contype = 'f' AND k.conparentid = 0::oid AND k.confrelid IN (SELECT oid FROM family)
)
SELECT pg_catalog.format('%%s of %%s refers to them%%s', conname, conrelid::regclass, action)
FROM keys
WHERE CASE WHEN conrelid IN (SELECT oid FROM own) THEN reaches AND %(is_part)s
           WHEN conrelid IN (SELECT oid FROM family) THEN reaches
           ELSE reaches OR NOT %(is_guarded)s END
ORDER BY 1
