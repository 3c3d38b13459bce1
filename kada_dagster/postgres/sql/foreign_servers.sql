-- META: foreign servers. Of their options only those that cannot hold a secret.
SELECT 'SERVER', {0} || '.(server).' || id!(s.srvname), 'FOREIGN SERVER', s.srvname,
       d.description, NULL, {1} || '.' || path!(s.srvname), NULL, NULL, NULL, {0},
       NULL, NULL, NULL, NULL, pg_get_userbyid(s.srvowner), NULL,
       json!(
         '"database":' || to_json(o.dbname),
         '"host":' || to_json(o.host),
         '"port":' || to_json(o.port),
         '"type":' || to_json(s.srvtype),
         '"version":' || to_json(s.srvversion),
         '"wrapper":' || to_json(w.fdwname)
       )
  FROM pg_foreign_server s
  JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  LEFT JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name = 'dbname') AS dbname,
           max(option_value) FILTER (WHERE option_name = 'host') AS host,
           max(option_value) FILTER (WHERE option_name = 'port') AS port
      FROM pg_options_to_table(s.srvoptions)) o ON true
  LEFT JOIN pg_description d
    ON d.objoid = s.oid AND d.classoid = 'pg_foreign_server'::regclass AND d.objsubid = 0
