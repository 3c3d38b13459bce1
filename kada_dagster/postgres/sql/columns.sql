-- META: columns of everything in relations.sql. Collation 100 is the database's default.
SELECT 'COLUMN', r.id || '.' || id!(a.attname), 'COLUMN', a.attname, d.description, NULL,
       r.path || '.' || path!(a.attname), NULL, NULL, NULL, r.id,
       format_type(a.atttypid, a.atttypmod),
       CASE WHEN r.has_dropped THEN
            (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = a.attrelid
                AND b.attnum BETWEEN 1 AND a.attnum AND NOT b.attisdropped)
            ELSE a.attnum END,
       CASE WHEN a.attnotnull OR t.typnotnull THEN 'N' ELSE 'Y' END,
       pg_get_expr(v.adbin, v.adrelid), NULL, NULL,
       CASE WHEN a.attidentity <> '' OR a.attcollation NOT IN (0, 100)
              OR a.attgenerated <> '' -- since 12
            THEN json!(
         '"collation":' || CASE WHEN a.attcollation NOT IN (0, 100) THEN (
             SELECT to_json(cn.nspname || '.' || l.collname) FROM pg_collation l
               JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
         '"generated":' || CASE a.attgenerated WHEN 's' THEN '"stored"' -- since 12
                                               WHEN 'v' THEN '"virtual"' END, -- since 12
         '"identity":' || CASE a.attidentity WHEN 'a' THEN '"always"'
                                             WHEN 'd' THEN '"by default"' END
       ) END
  FROM (SELECT c.oid, {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS id,
               {1} || '.' || path!(n.nspname) || '.' || path!(c.relname) AS path,
               x.attrelid IS NOT NULL AS has_dropped
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN (SELECT DISTINCT attrelid FROM pg_attribute WHERE attisdropped) x
            ON x.attrelid = c.oid
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {2} OFFSET 0) r
  JOIN pg_attribute a ON a.attrelid = r.oid
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef v ON v.adrelid = a.attrelid AND v.adnum = a.attnum AND a.atthasdef
  LEFT JOIN pg_description d
    ON d.objoid = a.attrelid AND d.objsubid = a.attnum AND d.classoid = 'pg_class'::regclass
 WHERE a.attnum > 0 AND NOT a.attisdropped
