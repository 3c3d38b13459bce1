SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid::int8,
  a.attnotnull, coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '' OR a.attidentity = 'a'
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
