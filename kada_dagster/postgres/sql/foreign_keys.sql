-- LINKAGE: foreign keys, table to table and column to column.
WITH k AS (
  SELECT k.oid, k.conname, k.conkey, k.confkey, k.conrelid, k.confrelid, k.conparentid,
         {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS source,
         {0} || '.' || id!(tn.nspname) || '.' || id!(t.relname) AS target
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class t ON t.oid = k.confrelid
    JOIN pg_namespace tn ON tn.oid = t.relnamespace
   WHERE k.contype = 'f' AND {2}
)
SELECT 'TABLE', k.source, 'TABLE', k.target, 'REFERENCES',
       CASE WHEN bool_and(k.conparentid <> 0) THEN 'INHERITED' ELSE 'DIRECT' END,
       json!('"constraints":' || list!(k.conname ORDER BY k.conname))
  FROM k GROUP BY k.source, k.target
UNION ALL
SELECT 'COLUMN', k.source || '.' || id!(a.attname), 'COLUMN', k.target || '.' || id!(b.attname),
       'REFERENCES', CASE WHEN bool_and(k.conparentid <> 0) THEN 'INHERITED' ELSE 'DIRECT' END,
       json!('"constraints":' || list!(k.conname ORDER BY k.conname))
  FROM k
  CROSS JOIN LATERAL unnest(k.conkey, k.confkey) u(source, target)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.source
  JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.target
 GROUP BY k.source, a.attname, k.target, b.attname
