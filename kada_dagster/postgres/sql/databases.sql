-- META: the database itself.
SELECT 'DATABASE', {0}, 'DATABASE', d.datname, shobj_description(d.oid, 'pg_database'), NULL, {1},
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_get_userbyid(d.datdba), NULL,
       json!(
         '"collate":' || to_json(d.datcollate),
         '"connection_limit":' || nullif(d.datconnlimit, -1),
         '"ctype":' || to_json(d.datctype),
         '"encoding":' || to_json(pg_encoding_to_char(d.encoding)),
         '"server_version":' || to_json(current_setting('server_version'))
       )
  FROM pg_database d
 WHERE d.datname = current_database()
