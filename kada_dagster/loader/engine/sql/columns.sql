-- The columns of a table; whether they have a default, and must have a value whatever a load would
-- like; with each the operator that its own unique index compares by, where it is
-- none of the server's: by its bare name another type's is found, if its schema is not looked into.
WITH RECURSIVE own AS (
  SELECT a.* FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
),
base(attnum, oid) AS (  -- a domain is compared as what it is made of
  SELECT attnum, atttypid FROM own
  UNION SELECT b.attnum, t.typbasetype FROM base b
    JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
),
equal(attnum, operator) AS (
  SELECT b.attnum, format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
  FROM base b
  JOIN pg_catalog.pg_opclass c ON c.opcintype = b.oid AND c.opcdefault
  JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
  JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3
    AND (p.amoplefttype, p.amoprighttype) = (b.oid, b.oid)
  JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
  JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace AND n.nspname <> 'pg_catalog'
)
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid::int8,
  a.attnotnull, coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '' OR a.attidentity = 'a',
  coalesce((SELECT e.operator FROM equal e WHERE e.attnum = a.attnum), '='),
  a.atthasdef OR a.attidentity <> '',
  a.attidentity <> '' OR EXISTS (SELECT FROM pg_catalog.pg_index i
                                 WHERE i.indrelid = a.attrelid AND (i.indisprimary OR i.indisreplident)
                                   AND a.attnum = ANY (i.indkey::int2[]))
FROM own a
ORDER BY a.attnum
