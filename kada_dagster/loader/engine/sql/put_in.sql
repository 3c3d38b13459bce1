-- How many rows this transaction has put into a table; no row where the server does not count them,
-- or where triggers of users may put in some of their own.
SELECT pg_catalog.pg_stat_get_xact_tuples_inserted(%(oid)s::oid)
WHERE pg_catalog.current_setting('track_counts')::bool
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = %(oid)s::oid AND NOT t.tgisinternal)
