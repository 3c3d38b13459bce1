-- META: sequences with the column that owns them.
SELECT 'SEQUENCE', {0} || '.' || id!(n.nspname) || '.' || id!(c.relname), 'SEQUENCE', c.relname,
       d.description, NULL, {1} || '.' || path!(n.nspname) || '.' || path!(c.relname),
       NULL, NULL, NULL, {0} || '.' || id!(n.nspname), format_type(q.seqtypid, NULL),
       NULL, NULL, NULL, pg_get_userbyid(c.relowner), NULL,
       json!(
         '"cache":' || q.seqcache,
         '"cycle":' || CASE WHEN q.seqcycle THEN 'true' END,
         '"increment":' || q.seqincrement,
         '"max":' || q.seqmax,
         '"min":' || q.seqmin,
         '"owned_by":' || to_json({0} || '.' || id!(tn.nspname) || '.' || id!(t.relname)
                                  || '.' || id!(a.attname)),
         '"start":' || q.seqstart
       )
  FROM pg_sequence q
  JOIN pg_class c ON c.oid = q.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend o
    ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
   AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
  LEFT JOIN pg_class t ON t.oid = o.refobjid
  LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
  LEFT JOIN pg_description d
    ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
 WHERE {2}
