-- LINKAGE: table inheritance and partition trees, of tables and of their indexes.
SELECT kinds.name, {0} || '.' || id!(n.nspname) || '.' || id!(c.relname),
       kinds.name, {0} || '.' || id!(pn.nspname) || '.' || id!(p.relname), 'INHERITS', 'DIRECT',
       json!('"partition":' || CASE WHEN c.relispartition THEN 'true' END)
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class p ON p.oid = i.inhparent
  JOIN pg_namespace pn ON pn.oid = p.relnamespace
  CROSS JOIN LATERAL (
    SELECT CASE WHEN c.relkind IN ('i', 'I') THEN 'INDEX' ELSE 'TABLE' END AS name) kinds
 WHERE {2}
