-- DATABASE_LOG: statements of the extracted databases from pg_stat_statements. Its counters run
-- since the last reset, whatever the window; ATTRIBUTES says so. Which columns it has depends on
-- the version of the extension, not of the server: hence the row as JSON.
SELECT {3} || '.(statement).' || id!(concat_ws('/', s.dbid::text, s.userid::text, s.queryid::text,
                                               (s.j ->> 'toplevel')::boolean::int::text)),
       {3} || '.' || id!(b.datname), r.rolname, s.query, NULL,
       round(coalesce(s.j ->> 'total_exec_time', s.j ->> 'total_time')::numeric, 3),
       s.calls, s.rows, NULL,
       json!(
         '"counters":' || '"cumulative"',
         '"mean_ms":' || round(coalesce(s.j ->> 'mean_exec_time', s.j ->> 'mean_time')::numeric, 3),
         '"shared_blocks_read":' || s.shared_blks_read
       )
  FROM (SELECT v.dbid, v.userid, v.queryid, v.query, v.calls, v.rows, v.shared_blks_read,
               to_jsonb(v) - 'query' AS j FROM {5} v OFFSET 0) s
  JOIN pg_database b ON b.oid = s.dbid AND b.datname IN ({6})
  LEFT JOIN pg_roles r ON r.oid = s.userid
 WHERE s.queryid IS NOT NULL
