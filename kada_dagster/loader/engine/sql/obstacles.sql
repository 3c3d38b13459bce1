-- What a table cannot take along when another one gets its name; a row a reason.
-- Names are printed as this session sees them: operators are the server's own all the same.
WITH t AS (
  SELECT oid, reltype, reltoastrelid, relkind, relrowsecurity, relreplident, reltablespace, reloftype
  FROM pg_catalog.pg_class WHERE oid = %(oid)s::oid
),
known(classid, objid) AS (
  SELECT 'pg_class'::regclass::oid, i.indexrelid FROM pg_catalog.pg_index i, t WHERE i.indrelid = t.oid
  UNION ALL SELECT 'pg_class'::regclass::oid, t.reltoastrelid FROM t
  UNION ALL SELECT 'pg_class'::regclass::oid, t.oid FROM t  -- a generated column, up to version 14
  UNION ALL SELECT 'pg_type'::regclass::oid, t.reltype FROM t
  UNION ALL SELECT 'pg_constraint'::regclass::oid, c.oid FROM pg_catalog.pg_constraint c, t
            WHERE c.conrelid = t.oid
  UNION ALL SELECT 'pg_attrdef'::regclass::oid, d.oid FROM pg_catalog.pg_attrdef d, t
            WHERE d.adrelid = t.oid
  UNION ALL SELECT 'pg_statistic_ext'::regclass::oid, s.oid FROM pg_catalog.pg_statistic_ext s, t
            WHERE s.stxrelid = t.oid
)
SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on it'
FROM t
JOIN pg_catalog.pg_type row_type ON row_type.oid = t.reltype
JOIN pg_catalog.pg_depend d
  ON (d.refclassid, d.refobjid) IN (('pg_class'::regclass::oid, t.oid),
                                    ('pg_type'::regclass::oid, row_type.oid),
                                    ('pg_type'::regclass::oid, row_type.typarray))
WHERE (d.classid, d.objid) NOT IN (SELECT k.classid, k.objid FROM known k)
  AND NOT (d.classid = 'pg_type'::regclass::oid AND d.objid = row_type.typarray)
UNION ALL SELECT 'it is partitioned' FROM t WHERE t.relkind = 'p'
UNION ALL SELECT 'it is a partition or inherits' FROM t
          WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = t.oid)
UNION ALL SELECT 'it refers to itself' FROM t
          WHERE EXISTS (SELECT FROM pg_catalog.pg_constraint k
                        WHERE k.conrelid = t.oid AND k.confrelid = t.oid AND k.contype = 'f')
UNION ALL SELECT 'row security is on' FROM t WHERE t.relrowsecurity
UNION ALL SELECT 'its replica identity is set' FROM t WHERE t.relreplident NOT IN ('d', 'n')
UNION ALL SELECT 'it has a table space of its own' FROM t WHERE t.reltablespace <> 0::oid
UNION ALL SELECT 'an index of it has a table space of its own' FROM t
          WHERE EXISTS (SELECT FROM pg_catalog.pg_index i
                        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                        WHERE i.indrelid = t.oid AND c.reltablespace <> 0::oid)
UNION ALL SELECT 'it has a security label' FROM t  -- as of an extension that masks columns
          WHERE EXISTS (SELECT FROM pg_catalog.pg_seclabel l
                        WHERE (l.classoid, l.objoid) = ('pg_class'::regclass::oid, t.oid))
UNION ALL SELECT 'it is of a type' FROM t WHERE t.reloftype <> 0::oid
UNION ALL SELECT 'it belongs to an extension' FROM t
          WHERE EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE (e.classid, e.objid, e.deptype) = ('pg_class'::regclass::oid, t.oid, 'e'))
UNION ALL SELECT pg_catalog.format('no others can be made in the schema of its statistics %%s', s.stxname) FROM t
          JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = t.oid
          WHERE NOT pg_catalog.has_schema_privilege(s.stxnamespace, 'CREATE')
UNION ALL SELECT 'it is clustered by an index' FROM t
          WHERE EXISTS (SELECT FROM pg_catalog.pg_index i
                        WHERE i.indrelid = t.oid AND i.indisclustered)
UNION ALL SELECT 'an index of it is not valid' FROM t
          WHERE EXISTS (SELECT FROM pg_catalog.pg_index i
                        WHERE i.indrelid = t.oid AND NOT i.indisvalid)
ORDER BY 1
