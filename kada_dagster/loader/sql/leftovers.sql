-- Tables that a load made beside the one it fills, of this role, in some schemas. A load's
-- transaction takes its own along however it ends, so what is seen here belongs to none that runs.
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname ~ '^_load_[0-9]+_[0-9a-f]{8}$' AND c.relkind = 'r'
  AND pg_catalog.pg_get_userbyid(c.relowner) = current_user AND n.nspname = ANY (%s)
ORDER BY 1, 2
