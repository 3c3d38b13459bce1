-- The columns of a table; whether they have a default, and must have a value whatever a load would
-- like; with each the operator that its own unique index compares by, with its schema, which may not be
-- looked into, or hold others of that name; and whether what is equal by it is alike to the bit.
-- Types are printed as this session sees them: functions and operators are the server's own all the same.
WITH RECURSIVE own AS (
  SELECT a.* FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = %(oid)s::oid AND a.attnum > 0 AND NOT a.attisdropped
),
base(attnum, oid) AS (  -- a domain is compared as what it is made of
  SELECT attnum, atttypid FROM own
  UNION SELECT b.attnum, CASE t.typtype WHEN 'd' THEN t.typbasetype WHEN 'e' THEN 'anyenum'::regtype
                                        ELSE 'text'::regtype END
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid
    WHERE t.typtype IN ('d', 'e') OR t.oid = 'varchar'::regtype::oid
),
plain(attnum, oid, modifier) AS (
  SELECT attnum, atttypid, atttypmod FROM own
  UNION ALL SELECT p.attnum, t.typbasetype, t.typtypmod
    FROM plain p JOIN pg_catalog.pg_type t ON t.oid = p.oid WHERE t.typtype = 'd'
),
equal(attnum, operator, is_exact) AS (
  SELECT b.attnum, pg_catalog.format('OPERATOR(%%I.%%s)', n.nspname, o.oprname),
    EXISTS (SELECT FROM pg_catalog.pg_amproc s  -- 4: values that are equal are so to the bit
            WHERE s.amprocfamily = c.opcfamily AND s.amprocnum = 4
              AND (s.amproclefttype, s.amprocrighttype) = (b.oid, b.oid))
    AND NOT EXISTS (SELECT FROM own a JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
                    WHERE a.attnum = b.attnum AND pg_catalog.to_jsonb(l) ->> 'collisdeterministic'::text = 'false')
  FROM base b
  JOIN pg_catalog.pg_opclass c ON c.opcintype = b.oid AND c.opcdefault
  JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
  JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3
    AND (p.amoplefttype, p.amoprighttype) = (b.oid, b.oid)
  JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
  JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
)
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid::int8,
  a.attnotnull, coalesce(pg_catalog.to_jsonb(a) ->> 'attgenerated'::text, '') <> '' OR a.attidentity = 'a',
  coalesce(e.operator, '='),
  a.atthasdef OR a.attidentity <> '',
  a.attidentity <> '' OR EXISTS (SELECT FROM pg_catalog.pg_index i
                                 WHERE i.indrelid = a.attrelid AND (i.indisprimary OR i.indisreplident)
                                   AND a.attnum = ANY (i.indkey::int2[])),
  coalesce(e.is_exact, false), pg_catalog.format_type(p.oid, p.modifier),
  coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '')
FROM own a
JOIN (plain p JOIN pg_catalog.pg_type t ON t.oid = p.oid AND t.typtype <> 'd') ON p.attnum = a.attnum
LEFT JOIN (SELECT attnum, max(operator) AS operator, bool_and(is_exact) AS is_exact
           FROM equal GROUP BY attnum) e ON e.attnum = a.attnum
ORDER BY a.attnum
