-- LINKAGE: a generated column is computed from other columns of its table.
SELECT DISTINCT 'COLUMN', r.id || '.' || id!(s.attname), 'COLUMN', r.id || '.' || id!(a.attname),
       'LINEAGE', 'DIRECT', ''
  FROM pg_attrdef v
  JOIN pg_attribute a ON a.attrelid = v.adrelid AND a.attnum = v.adnum
   AND a.attgenerated <> '' -- since 12
   AND false -- before 12
  JOIN (SELECT c.oid, {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS id
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {2}) r
    ON r.oid = v.adrelid
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = v.adrelid
   AND d.refobjsubid > 0 AND d.refobjsubid <> v.adnum
   AND (d.classid = 'pg_attrdef'::regclass AND d.objid = v.oid
        OR d.classid = 'pg_class'::regclass AND d.objid = v.adrelid AND d.objsubid = v.adnum)
  JOIN pg_attribute s ON s.attrelid = d.refobjid AND s.attnum = d.refobjsubid
