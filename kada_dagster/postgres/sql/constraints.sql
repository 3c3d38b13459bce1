-- META: primary, unique, foreign key, check and exclusion constraints of tables and domains.
SELECT 'CONSTRAINT', o.id || '.(constraint).' || id!(k.conname),
       CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK'
                      WHEN 'f' THEN 'FOREIGN KEY' WHEN 'x' THEN 'EXCLUDE' END,
       k.conname, obj_description(k.oid, 'pg_constraint'), NULL,
       o.path || '.' || path!(k.conname), pg_get_constraintdef(k.oid), NULL, NULL, o.id,
       NULL, NULL, NULL, NULL, NULL,
       CASE WHEN k.convalidated THEN 'VALID' ELSE 'NOT VALID' END,
       json!(
         '"columns":' || (
             SELECT list!(a.attname ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(c, n)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c),
         '"deferrable":' || CASE WHEN k.condeferred THEN '"initially deferred"'
                                 WHEN k.condeferrable THEN '"initially immediate"' END,
         '"inherited":' || CASE WHEN k.coninhcount > 0 THEN 'true' END,
         '"match":' || CASE WHEN k.contype = 'f' THEN CASE k.confmatchtype
             WHEN 'f' THEN '"full"' WHEN 'p' THEN '"partial"' ELSE '"simple"' END END,
         '"on_delete":' || CASE WHEN k.contype = 'f' THEN action!(k.confdeltype) END,
         '"on_update":' || CASE WHEN k.contype = 'f' THEN action!(k.confupdtype) END,
         '"referenced_columns":' || (
             SELECT list!(a.attname ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(c, n)
               JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.c),
         '"referenced_table":' || CASE WHEN k.contype = 'f' THEN (
             SELECT to_json({0} || '.' || id!(fn.nspname) || '.' || id!(fc.relname))
               FROM pg_class fc JOIN pg_namespace fn ON fn.oid = fc.relnamespace
              WHERE fc.oid = k.confrelid) END
       )
  FROM pg_constraint k
  JOIN (SELECT c.oid AS table_oid, 0::oid AS domain_oid,
               {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS id,
               {1} || '.' || path!(n.nspname) || '.' || path!(c.relname) AS path
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'f') AND {2}
        UNION ALL
        SELECT 0, t.oid, {0} || '.' || id!(n.nspname) || '.(type).' || id!(t.typname),
               {1} || '.' || path!(n.nspname) || '.' || path!(t.typname)
          FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
         WHERE t.typtype = 'd' AND {2}) o
    ON o.table_oid = k.conrelid AND o.domain_oid = k.contypid
 WHERE k.contype IN ('p', 'u', 'c', 'f', 'x')
