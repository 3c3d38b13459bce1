-- META: enums, domains, ranges and free-standing composite types.
SELECT 'TYPE', {0} || '.' || id!(n.nspname) || '.(type).' || id!(t.typname),
       CASE t.typtype WHEN 'e' THEN 'ENUM' WHEN 'd' THEN 'DOMAIN' WHEN 'r' THEN 'RANGE'
                      WHEN 'm' THEN 'MULTIRANGE' WHEN 'c' THEN 'COMPOSITE' ELSE 'BASE TYPE' END,
       t.typname, d.description, NULL, {1} || '.' || path!(n.nspname) || '.' || path!(t.typname),
       NULL, NULL, NULL, {0} || '.' || id!(n.nspname),
       CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
                      WHEN 'r' THEN format_type(g.rngsubtype, NULL) END,
       NULL, CASE WHEN t.typtype = 'd' THEN CASE WHEN t.typnotnull THEN 'N' ELSE 'Y' END END,
       CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END, pg_get_userbyid(t.typowner), NULL,
       json!(
         '"attributes":' || CASE WHEN t.typtype = 'c' THEN (
             SELECT '[' || string_agg('{{' || coalesce('"comment":' || to_json(s.description) || ',', '')
                      || '"name":' || to_json(a.attname) || ',"type":'
                      || to_json(format_type(a.atttypid, a.atttypmod)) || '}}', ','
                      ORDER BY a.attnum) || ']'
               FROM pg_attribute a
               LEFT JOIN pg_description s ON s.objoid = a.attrelid AND s.objsubid = a.attnum
                AND s.classoid = 'pg_class'::regclass
              WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END,
         '"extension":' || to_json(e.extname),
         '"labels":' || CASE WHEN t.typtype = 'e' THEN (
             SELECT list!(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum l
              WHERE l.enumtypid = t.oid) END
       )
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_range g ON g.rngtypid = t.oid
  LEFT JOIN pg_description d
    ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
  LEFT JOIN pg_depend x
    ON x.classid = 'pg_type'::regclass AND x.objid = t.oid AND x.deptype = 'e'
   AND x.refclassid = 'pg_extension'::regclass
  LEFT JOIN pg_extension e ON e.oid = x.refobjid
 WHERE {2} AND t.typtype IN ('e', 'd', 'r', 'm', 'c', 'b')
   AND (t.typtype <> 'c' OR c.relkind = 'c')
   AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = t.oid)
