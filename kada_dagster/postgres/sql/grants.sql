-- LINKAGE: privileges that were granted in so many words, one row a role and object.
WITH object AS (
  SELECT 'DATABASE' AS type, {0} AS id, d.datacl AS acl, d.datdba AS owner
    FROM pg_database d WHERE d.datname = current_database() AND d.datacl IS NOT NULL
  UNION ALL
  SELECT 'SCHEMA', {0} || '.' || id!(n.nspname), n.nspacl, n.nspowner
    FROM pg_namespace n WHERE n.nspacl IS NOT NULL AND {2}
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
         {0} || '.' || id!(n.nspname) || '.' || id!(c.relname), c.relacl, c.relowner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relacl IS NOT NULL AND {2}
  UNION ALL
  SELECT 'COLUMN', {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) || '.' || id!(a.attname),
         a.attacl, c.relowner
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {2}
  UNION ALL
  SELECT 'PROCEDURE', {0} || '.' || id!(n.nspname) || '.' || signature!(p), p.proacl, p.proowner
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE p.proacl IS NOT NULL AND {2}
  UNION ALL
  SELECT 'TYPE', {0} || '.' || id!(n.nspname) || '.(type).' || id!(t.typname), t.typacl, t.typowner
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE t.typacl IS NOT NULL AND (t.typtype <> 'c' OR c.relkind = 'c') AND {2}
  UNION ALL
  SELECT 'SERVER', {0} || '.(server).' || id!(s.srvname), s.srvacl, s.srvowner
    FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL
)
SELECT 'USER', {3} || '.(role).' || id!(g.grantee), g.type, g.id, 'GRANT', 'DIRECT',
       json!(
         '"grantable":' || array_to_json(array_agg(g.privilege ORDER BY g.privilege)
                                         FILTER (WHERE g.grantable)),
         '"privileges":' || list!(g.privilege ORDER BY g.privilege)
       )
  FROM (SELECT o.type, o.id, coalesce(r.rolname, 'public') AS grantee,
               a.privilege_type AS privilege, bool_or(a.is_grantable) AS grantable
          FROM object o
          CROSS JOIN LATERAL aclexplode(o.acl) a
          LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE a.grantee <> o.owner AND (a.grantee = 0 OR r.oid IS NOT NULL)
         GROUP BY 1, 2, 3, 4) g
 GROUP BY g.type, g.id, g.grantee
