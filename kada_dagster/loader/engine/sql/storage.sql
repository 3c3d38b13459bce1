-- How the rows of a table (%(oid)s) are kept: UNLOGGED or nothing, and by what, if that can be said.
SELECT CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE '' END, m.amname::text
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amtype = 't'
WHERE c.oid = %(oid)s
