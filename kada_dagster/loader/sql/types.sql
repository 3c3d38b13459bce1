-- What is needed of types, and of what they are made of.
WITH RECURSIVE wanted(oid) AS (
  SELECT pg_catalog.unnest(%(oids)s::oid[])
  UNION
  SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype
                        WHEN 'r' THEN (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
                        WHEN 'm' THEN {multirange}
                        ELSE t.typelem END
  FROM wanted w JOIN pg_catalog.pg_type t ON t.oid = w.oid
  WHERE t.typtype IN ('d', 'r', 'm') OR t.typelem <> 0::oid
)
SELECT t.oid::int8, pg_catalog.format_type(t.oid, NULL), t.typtype::text, t.typsend::oid <> 0::oid,
  (CASE t.typtype WHEN 'd' THEN t.typbasetype
                  WHEN 'r' THEN (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
                  WHEN 'm' THEN {multirange}
                  ELSE t.typelem END)::int8,
  t.typlen = -1 AND t.typelem <> 0::oid
FROM wanted w JOIN pg_catalog.pg_type t ON t.oid = w.oid
