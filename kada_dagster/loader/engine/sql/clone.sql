-- The statements that make a new table (%(made)s, in the same schema) like an old one (%(oid)s):
-- 'storage' before there are rows, 'indexes' and 'privileges' after, 'names' when the old one is gone.
WITH old AS (
  SELECT c.oid, c.relname, c.reloptions, c.relacl, c.relowner, c.relreplident, c.reltoastrelid,
    c.relforcerowsecurity, n.nspname, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS called,
    quote_ident(n.nspname) || '.' || quote_ident(%(made)s) AS made
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = %(oid)s
),
keys AS (  -- constraints with an index; of keys the definition does not say how it is filled
  SELECT k.oid, k.conname, k.conindid, %(made)s || '_' || row_number() OVER (ORDER BY k.contype <> 'p', k.conname) AS passing,
    left(d.definition, -length(d.delay)) || d.options || d.delay AS definition
  FROM old JOIN pg_catalog.pg_constraint k ON k.conrelid = old.oid AND k.contype IN ('p', 'u', 'x')
  JOIN pg_catalog.pg_class c ON c.oid = k.conindid,
  LATERAL (SELECT pg_catalog.pg_get_constraintdef(k.oid) || ' ' AS definition,
    CASE WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END
      || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END || ' ' AS delay,
    CASE WHEN k.contype <> 'x' AND c.reloptions IS NOT NULL
         THEN ' WITH (' || array_to_string(c.reloptions, ', ') || ')' ELSE '' END AS options) AS d
),
indexes AS (  -- those without a constraint
  SELECT i.indexrelid, c.relname, i.indisunique,
    %(made)s || '_i' || row_number() OVER (ORDER BY c.relname) AS passing,
    pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
  FROM old JOIN pg_catalog.pg_index i ON i.indrelid = old.oid
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                    WHERE k.conindid = i.indexrelid AND k.conrelid = old.oid)
),
named(indexrelid, passing) AS (
  SELECT indexrelid, passing FROM indexes UNION ALL SELECT conindid, passing FROM keys
),
extended AS (  -- statistics of more than a column; they may be in another schema
  SELECT s.oid, s.stxname, quote_ident(n.nspname) AS space, to_jsonb(s) ->> 'stxstattarget' AS goal,
    %(made)s || '_s' || row_number() OVER (ORDER BY n.nspname, s.stxname) AS passing,
    pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition
  FROM old JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = old.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
),
steps(step, place, statement) AS (
  SELECT 'storage', 1, format('ALTER TABLE %%s SET (%%s)', old.made, array_to_string(old.reloptions, ', '))
  FROM old WHERE old.reloptions IS NOT NULL
  UNION ALL
  SELECT 'storage', 2, format('ALTER TABLE %%s ALTER COLUMN %%I SET STATISTICS %%s', old.made, a.attname, a.attstattarget)
  FROM old JOIN pg_catalog.pg_attribute a ON a.attrelid = old.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
  UNION ALL
  SELECT 'storage', 3, format('ALTER TABLE %%s ALTER COLUMN %%I SET (%%s)', old.made, a.attname, array_to_string(a.attoptions, ', '))
  FROM old JOIN pg_catalog.pg_attribute a ON a.attrelid = old.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attoptions IS NOT NULL
  UNION ALL
  SELECT 'storage', 4, format('ALTER TABLE %%s SET (toast.%%s)', old.made, array_to_string(x.reloptions, ', toast.'))
  FROM old JOIN pg_catalog.pg_class x ON x.oid = old.reltoastrelid WHERE x.reloptions IS NOT NULL
  UNION ALL
  SELECT 'storage', 5, format('ALTER TABLE %%s REPLICA IDENTITY NOTHING', old.made)
  FROM old WHERE old.relreplident = 'n'
  UNION ALL
  SELECT 'indexes', 1, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', old.made, keys.passing, keys.definition)
  FROM old, keys
  UNION ALL
  SELECT 'indexes', 2, format('CREATE %%sINDEX %%I ON %%s%%s', CASE WHEN x.indisunique THEN 'UNIQUE ' END,
    x.passing, old.made,
    substr(x.definition, length(format('CREATE %%sINDEX %%I ON %%s', CASE WHEN x.indisunique THEN 'UNIQUE ' END,
                                       x.relname, old.called)) + 1))
  FROM old, indexes x
  UNION ALL
  SELECT 'indexes', 3, format('COMMENT ON INDEX %%I.%%I IS %%L', old.nspname, x.passing, note)
  FROM old, named x, pg_catalog.obj_description(x.indexrelid, 'pg_class') AS note
  WHERE note IS NOT NULL
  UNION ALL  -- the rows are all new, so that none is let in unchecked
  SELECT 'indexes', 4, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', old.made, k.conname,
                              regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', ''))
  FROM old JOIN pg_catalog.pg_constraint k ON k.conrelid = old.oid AND k.contype = 'f'
  UNION ALL
  SELECT 'indexes', 5, format('ALTER INDEX %%I.%%I ALTER COLUMN %%s SET STATISTICS %%s', old.nspname, x.passing,
                              a.attnum, a.attstattarget)
  FROM old, named x JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indexrelid WHERE a.attstattarget >= 0
  UNION ALL
  SELECT 'indexes', 6, format('CREATE STATISTICS %%s.%%I%%s FROM %%s', x.space, x.passing,
    substr(left(x.definition, -length(format(' FROM %%s', old.oid::regclass))),
           length(format('CREATE STATISTICS %%s.%%I', x.space, x.stxname)) + 1), old.made)
  FROM old, extended x
  UNION ALL
  SELECT 'indexes', 7, format('ALTER STATISTICS %%s.%%I SET STATISTICS %%s', x.space, x.passing, x.goal)
  FROM extended x WHERE x.goal::int >= 0
  UNION ALL
  SELECT 'indexes', 8, format('COMMENT ON STATISTICS %%s.%%I IS %%L', x.space, x.passing, note)
  FROM extended x, pg_catalog.obj_description(x.oid, 'pg_statistic_ext') AS note WHERE note IS NOT NULL
  UNION ALL
  SELECT 'privileges', 1, format('COMMENT ON TABLE %%s IS %%L', old.made, note)
  FROM old, pg_catalog.obj_description(old.oid, 'pg_class') AS note WHERE note IS NOT NULL
  UNION ALL  -- what default privileges gave the new table
  SELECT 'privileges', 2, format('REVOKE ALL ON %%s FROM %%s', old.made,
                                 CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END)
  FROM old, pg_catalog.pg_class n, pg_catalog.aclexplode(n.relacl) AS g
  WHERE n.oid = old.made::regclass AND g.grantee <> n.relowner
  UNION ALL
  SELECT 'privileges', 3, format('GRANT %%s ON %%s TO %%s%%s', g.privilege_type, old.made,
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
    CASE WHEN g.is_grantable AND g.grantee <> old.relowner THEN ' WITH GRANT OPTION' END)
  FROM old, pg_catalog.aclexplode(old.relacl) AS g WHERE g.grantee <> old.relowner
  UNION ALL
  SELECT 'privileges', 4, format('GRANT %%s (%%I) ON %%s TO %%s%%s', g.privilege_type, a.attname, old.made,
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
    CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
  FROM old JOIN pg_catalog.pg_attribute a ON a.attrelid = old.oid, pg_catalog.aclexplode(a.attacl) AS g
  WHERE NOT a.attisdropped  -- before version 16 a column that is gone keeps them
  UNION ALL
  SELECT 'privileges', 5, format('ALTER TABLE %%s OWNER TO %%s', old.made, old.relowner::regrole)
  FROM old WHERE pg_catalog.pg_get_userbyid(old.relowner) <> current_user
  UNION ALL
  SELECT 'privileges', 6, format('ALTER STATISTICS %%s.%%I OWNER TO %%s', x.space, x.passing, old.relowner::regrole)
  FROM old, extended x WHERE pg_catalog.pg_get_userbyid(old.relowner) <> current_user
  UNION ALL  -- it is off, and may be turned on again
  SELECT 'privileges', 7, format('ALTER TABLE %%s FORCE ROW LEVEL SECURITY', old.made)
  FROM old WHERE old.relforcerowsecurity
  UNION ALL
  SELECT 'names', 1, format('ALTER TABLE %%s RENAME TO %%I', old.made, old.relname) FROM old
  UNION ALL
  SELECT 'names', 2, format('ALTER TABLE %%s RENAME CONSTRAINT %%I TO %%I', old.called, keys.passing, keys.conname)
  FROM old, keys
  UNION ALL
  SELECT 'names', 3, format('ALTER INDEX %%I.%%I RENAME TO %%I', old.nspname, x.passing, x.relname) FROM old, indexes x
  UNION ALL
  SELECT 'names', 4, format('COMMENT ON CONSTRAINT %%I ON %%s IS %%L', k.conname, old.called, note)
  FROM old JOIN pg_catalog.pg_constraint k ON k.conrelid = old.oid AND k.contype IN ('p', 'u', 'x', 'f'),
    pg_catalog.obj_description(k.oid, 'pg_constraint') AS note
  WHERE note IS NOT NULL
  UNION ALL
  SELECT 'names', 5, format('ALTER STATISTICS %%s.%%I RENAME TO %%I', x.space, x.passing, x.stxname) FROM extended x
)
SELECT step, statement FROM steps ORDER BY step, place, statement
