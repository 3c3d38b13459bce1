-- CREATE SCHEMA IF NOT EXISTS asks for the right to make one even where it is there. Others who find
-- no tables at the same time wait here.
SELECT pg_advisory_xact_lock(4847166235014);
SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s;
