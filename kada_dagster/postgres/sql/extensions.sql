-- META: installed extensions.
SELECT 'EXTENSION', {0} || '.(extension).' || id!(e.extname), 'EXTENSION', e.extname,
       d.description, NULL, {1} || '.' || path!(e.extname), NULL, NULL, NULL, {0},
       NULL, NULL, NULL, NULL, pg_get_userbyid(e.extowner), NULL,
       json!(
         '"schema":' || to_json(n.nspname),
         '"version":' || to_json(e.extversion)
       )
  FROM pg_extension e
  JOIN pg_namespace n ON n.oid = e.extnamespace
  LEFT JOIN pg_description d
    ON d.objoid = e.oid AND d.classoid = 'pg_extension'::regclass AND d.objsubid = 0
