-- Indexes that can be dropped and made again just as they were: name, both statements.
SELECT c.relname::text, format('DROP INDEX %%I.%%I', n.nspname, c.relname),
  pg_catalog.pg_get_indexdef(c.oid)
    || CASE WHEN pg_catalog.obj_description(c.oid, 'pg_class') IS NULL THEN '' ELSE
         format('; COMMENT ON INDEX %%I.%%I IS %%L', n.nspname, c.relname,
                pg_catalog.obj_description(c.oid, 'pg_class')) END
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND NOT c.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = %(oid)s AND i.indisvalid
  AND NOT (i.indisunique OR i.indisclustered OR i.indisreplident OR i.indisexclusion)
  AND c.reltablespace = 0
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refobjid = c.oid AND d.refclassid = 'pg_class'::regclass)
ORDER BY c.relname
