-- META: default privileges: what new objects of an owner will be granted.
SELECT 'DEFAULT_PRIVILEGE',
       CASE WHEN n.oid IS NULL THEN {0} ELSE {0} || '.' || id!(n.nspname) END
         || '.(default_privilege).' || id!(k.name),
       'DEFAULT PRIVILEGES', k.name, NULL, NULL,
       concat_ws('.', {1}, path!(n.nspname), path!(k.name)), NULL, NULL, NULL,
       CASE WHEN n.oid IS NULL THEN {0} ELSE {0} || '.' || id!(n.nspname) END,
       NULL, NULL, NULL, NULL, pg_get_userbyid(d.defaclrole), NULL,
       json!(
         '"grants":' || (
             SELECT '[' || string_agg('{{"grantee":' || to_json(g.grantee) || ',"privileges":'
                      || g.privileges || '}}', ',' ORDER BY g.grantee) || ']'
               FROM (SELECT coalesce(r.rolname, 'public') AS grantee,
                            list!(a.privilege_type ORDER BY a.privilege_type) AS privileges
                       FROM aclexplode(d.defaclacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
                      GROUP BY 1) g),
         '"object_type":' || to_json(k.kind)
       )
  FROM pg_default_acl d
  LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
  CROSS JOIN LATERAL (
    SELECT CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
                WHEN 'L' THEN 'large objects' ELSE d.defaclobjtype::text END AS kind) o
  CROSS JOIN LATERAL (
    SELECT o.kind, pg_get_userbyid(d.defaclrole) || ' ' || o.kind AS name) k
 WHERE n.oid IS NULL OR {2}
