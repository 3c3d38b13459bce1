-- Not a family: a view's parsed rule, its output columns and the columns pg_depend says it uses.
-- The column lineage in LINKAGE is read from these (kada_dagster/postgres/lineage.py).
SELECT {0} || '.' || id!(n.nspname) || '.' || id!(c.relname),
       (SELECT list!(id!(a.attname) ORDER BY a.attnum) FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT list!(json_build_array(u.oid::bigint, u.id, u.numbers, u.names))
          FROM (SELECT s.oid, {0} || '.' || id!(sn.nspname) || '.' || id!(s.relname) AS id,
                       json_agg(a.attnum) AS numbers, json_agg(id!(a.attname)) AS names
                  FROM (SELECT d.refobjid, d.refobjsubid FROM pg_depend d
                         WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                           AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
                        UNION -- a row used whole: pg_depend names its relation, not its columns
                        SELECT d.refobjid, b.attnum FROM pg_depend d
                          JOIN pg_attribute b ON b.attrelid = d.refobjid AND NOT b.attisdropped
                         WHERE strpos(w.rule, ':varattno 0 ') > 0
                           AND d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                           AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n') d
                  JOIN pg_class s ON s.oid = d.refobjid
                   AND s.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                  JOIN pg_namespace sn ON sn.oid = s.relnamespace
                   AND sn.nspname <> 'information_schema'
                  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                 WHERE d.refobjsubid > 0
                 GROUP BY s.oid, s.relname, sn.nspname) u),
       w.rule
  FROM (SELECT w.oid, w.ev_class, w.ev_action::text AS rule
          FROM pg_rewrite w WHERE w.rulename = '_RETURN' OFFSET 0) w
  JOIN pg_class c ON c.oid = w.ev_class AND c.relkind IN ('v', 'm')
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE {2}
