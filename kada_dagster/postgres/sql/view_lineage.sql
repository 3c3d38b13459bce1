-- LINKAGE: data flows from a relation into the view whose rule uses it, as pg_depend records.
SELECT DISTINCT 'TABLE', {0} || '.' || id!(sn.nspname) || '.' || id!(s.relname),
       'TABLE', {0} || '.' || id!(n.nspname) || '.' || id!(c.relname), 'LINEAGE', 'DIRECT', ''
  FROM pg_rewrite w
  JOIN pg_class c ON c.oid = w.ev_class AND c.relkind IN ('v', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_depend d
    ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
   AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid AND d.deptype = 'n'
  JOIN pg_class s ON s.oid = d.refobjid AND s.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_namespace sn ON sn.oid = s.relnamespace
   AND sn.nspname NOT IN ('pg_catalog', 'information_schema')
 WHERE w.rulename = '_RETURN' AND {2}
