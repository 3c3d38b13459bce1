-- Of columns of a result: the type as it is declared, whether NULL may be, and the comment.
-- A type has no modifier in a result's description; the column of the table it is from has.
SELECT pg_catalog.format_type(x.type, CASE x.type WHEN a.atttypid THEN a.atttypmod
                                                  WHEN d.typbasetype THEN d.typtypmod
                                                  ELSE x.modifier END),
  NOT (a.attnotnull OR d.typnotnull), pg_catalog.col_description(a.attrelid, a.attnum)
FROM unnest(%(types)s::oid[], %(modifiers)s::int[], %(tables)s::oid[], %(numbers)s::int[])
  WITH ORDINALITY AS x(type, modifier, origin, number, place)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.origin AND a.attnum = x.number
LEFT JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
ORDER BY x.place
