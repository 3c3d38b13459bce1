-- LINKAGE: what code needs, as far as the catalogue knows it: views, functions, triggers, column
-- defaults, constraints, indexes and policies need functions, relations and sequences. That a
-- trigger or policy needs its own table goes without saying.
WITH relation AS MATERIALIZED ( -- since 12
WITH relation AS ( -- before 12
  SELECT c.oid, c.relkind, {2} AS wanted,
         CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS type,
         {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS id
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
), code AS MATERIALIZED ( -- since 12
), code AS ( -- before 12
  SELECT p.oid, {2} AS wanted, {0} || '.' || id!(n.nspname) || '.' || signature!(p) AS id
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
), need AS MATERIALIZED ( -- since 12
), need AS ( -- before 12
  SELECT DISTINCT d.classid, d.objid, 'PROCEDURE' AS type, code.id, 0::oid AS relation, false AS data
    FROM pg_depend d JOIN code ON code.oid = d.refobjid
   WHERE d.deptype = 'n' AND d.refclassid = 'pg_proc'::regclass
  UNION ALL
  SELECT DISTINCT d.classid, d.objid, r.type, r.id, r.oid, r.relkind <> 'S'
    FROM pg_depend d JOIN relation r ON r.oid = d.refobjid
   WHERE d.deptype = 'n' AND d.refclassid = 'pg_class'::regclass
     AND (r.relkind = 'S' OR d.classid IN ('pg_proc'::regclass, 'pg_trigger'::regclass,
                                           'pg_policy'::regclass))
), dependent AS (
  SELECT 'pg_rewrite'::regclass AS class, w.oid, w.ev_class AS relation, 'TABLE' AS type, r.id
    FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class AND r.wanted
   WHERE w.rulename = '_RETURN'
  UNION ALL
  SELECT 'pg_proc'::regclass, code.oid, 0, 'PROCEDURE', code.id FROM code WHERE code.wanted
  UNION ALL
  SELECT 'pg_trigger'::regclass, g.oid, r.oid, 'TRIGGER', r.id || '.(trigger).' || id!(g.tgname)
    FROM pg_trigger g JOIN relation r ON r.oid = g.tgrelid AND r.wanted
   WHERE NOT g.tgisinternal
  UNION ALL
  SELECT 'pg_attrdef'::regclass, v.oid, r.oid, 'COLUMN', r.id || '.' || id!(a.attname)
    FROM pg_attrdef v JOIN relation r ON r.oid = v.adrelid AND r.wanted
    JOIN pg_attribute a ON a.attrelid = v.adrelid AND a.attnum = v.adnum
  UNION ALL
  SELECT 'pg_policy'::regclass, p.oid, r.oid, 'POLICY', r.id || '.(policy).' || id!(p.polname)
    FROM pg_policy p JOIN relation r ON r.oid = p.polrelid AND r.wanted
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, r.oid, 'CONSTRAINT',
         r.id || '.(constraint).' || id!(k.conname)
    FROM pg_constraint k JOIN relation r ON r.oid = k.conrelid AND r.wanted
   WHERE k.contype IN ('c', 'x')
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, 0, 'CONSTRAINT',
         {0} || '.' || id!(n.nspname) || '.(type).' || id!(t.typname) || '.(constraint).'
           || id!(k.conname)
    FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid
    JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE k.contype = 'c' AND {2}
  UNION ALL
  SELECT 'pg_class'::regclass, i.indexrelid, i.indrelid, 'INDEX',
         {0} || '.' || id!(n.nspname) || '.' || id!(c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND {2}
)
SELECT DISTINCT t.type, t.id, need.type, need.id, 'DEPENDS_ON', 'DIRECT', ''
  FROM need
  JOIN dependent t ON t.class = need.classid AND t.oid = need.objid
 WHERE need.id <> t.id AND NOT (need.data AND need.relation = t.relation)
