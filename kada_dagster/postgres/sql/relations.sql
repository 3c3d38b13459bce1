-- META: tables of every kind, views and materialised views.
SELECT 'TABLE', s.id || '.' || id!(c.relname),
       CASE WHEN c.relkind = 'v' THEN 'VIEW'
            WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW'
            WHEN c.relkind = 'f' THEN 'FOREIGN TABLE'
            WHEN c.relkind = 'p' THEN 'PARTITIONED TABLE'
            WHEN c.relispartition THEN 'PARTITION'
            WHEN c.relpersistence = 'u' THEN 'UNLOGGED TABLE'
            ELSE 'TABLE' END,
       c.relname, d.description, NULL, s.path || '.' || path!(c.relname),
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid)
            WHEN c.relkind = 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(c.oid)
            WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       NULL, NULL, s.id, NULL, NULL, NULL, NULL, pg_get_userbyid(c.relowner),
       CASE WHEN c.relkind = 'm' THEN
            CASE WHEN c.relispopulated THEN 'POPULATED' ELSE 'NOT POPULATED' END END,
       json!(
         '"estimated_bytes":' || CASE WHEN c.relkind IN ('r', 'm') THEN
             c.relpages::bigint * current_setting('block_size')::bigint END,
         '"estimated_rows":' || CASE WHEN c.relkind IN ('r', 'm', 'p', 'f') AND c.reltuples >= 0
                  AND (c.reltuples > 0 OR c.relpages > 0) -- before 14
             THEN c.reltuples::bigint END,
         '"extension":' || to_json(e.extname),
         '"foreign_schema":' || to_json(f.remote_schema),
         '"foreign_server":' || to_json(f.srvname),
         '"foreign_table":' || to_json(f.remote_table),
         '"of_type":' || CASE WHEN c.reloftype <> 0
             THEN to_json(format_type(c.reloftype, NULL)) END,
         '"partition_of":' || CASE WHEN c.relispartition THEN (
             SELECT to_json({0} || '.' || id!(pn.nspname) || '.' || id!(p.relname))
               FROM pg_inherits i
               JOIN pg_class p ON p.oid = i.inhparent
               JOIN pg_namespace pn ON pn.oid = p.relnamespace
              WHERE i.inhrelid = c.oid LIMIT 1) END,
         '"persistence":' || CASE c.relpersistence WHEN 'u' THEN '"unlogged"' END,
         '"row_security":' || CASE WHEN c.relforcerowsecurity THEN '"forced"'
                                   WHEN c.relrowsecurity THEN '"enabled"' END,
         '"tablespace":' || to_json(t.spcname)
       )
  FROM pg_class c
  JOIN (SELECT n.oid, {0} || '.' || id!(n.nspname) AS id, {1} || '.' || path!(n.nspname) AS path
          FROM pg_namespace n WHERE {2} OFFSET 0) s ON s.oid = c.relnamespace
  LEFT JOIN pg_description d
    ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
  LEFT JOIN pg_depend x
    ON x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.objsubid = 0
   AND x.deptype = 'e' AND x.refclassid = 'pg_extension'::regclass
  LEFT JOIN pg_extension e ON e.oid = x.refobjid
  LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
  LEFT JOIN (
    SELECT ft.ftrelid, fs.srvname,
           (SELECT option_value FROM pg_options_to_table(ft.ftoptions)
             WHERE option_name = 'schema_name') AS remote_schema,
           (SELECT option_value FROM pg_options_to_table(ft.ftoptions)
             WHERE option_name IN ('table_name', 'table') LIMIT 1) AS remote_table
      FROM pg_foreign_table ft JOIN pg_foreign_server fs ON fs.oid = ft.ftserver
  ) f ON f.ftrelid = c.oid
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
