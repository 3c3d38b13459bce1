-- META: indexes.
SELECT 'INDEX', s.id || '.' || id!(c.relname),
       CASE c.relkind WHEN 'I' THEN 'PARTITIONED INDEX' ELSE 'INDEX' END,
       c.relname, d.description, NULL, s.path || '.' || path!(c.relname),
       pg_get_indexdef(i.indexrelid), NULL, NULL, s.id || '.' || id!(t.relname),
       NULL, NULL, NULL, NULL, pg_get_userbyid(c.relowner),
       CASE WHEN i.indisvalid THEN 'VALID' ELSE 'INVALID' END,
       json!(
         '"estimated_bytes":' || CASE c.relkind WHEN 'i' THEN
             c.relpages::bigint * current_setting('block_size')::bigint END,
         '"method":' || to_json(m.amname),
         '"primary":' || CASE WHEN i.indisprimary THEN 'true' END,
         '"unique":' || CASE WHEN i.indisunique THEN 'true' END
       )
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p', 'm')
  JOIN pg_am m ON m.oid = c.relam
  JOIN (SELECT n.oid, {0} || '.' || id!(n.nspname) AS id, {1} || '.' || path!(n.nspname) AS path
          FROM pg_namespace n WHERE {2} OFFSET 0) s ON s.oid = c.relnamespace
  LEFT JOIN pg_description d
    ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
