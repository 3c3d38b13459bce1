-- META: roles of the whole cluster, from pg_roles, which never shows a password.
SELECT 'USER', {3} || '.(role).' || id!(r.rolname),
       CASE WHEN r.rolname ~ '^pg_' THEN 'PREDEFINED ROLE'
            WHEN r.rolcanlogin THEN 'USER' ELSE 'ROLE' END, r.rolname,
       shobj_description(r.oid, 'pg_authid'), NULL, {4} || '.' || path!(r.rolname),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       CASE WHEN r.rolvaliduntil < now() THEN 'EXPIRED' END,
       json!(
         '"bypass_rls":' || CASE WHEN r.rolbypassrls THEN 'true' END,
         '"connection_limit":' || nullif(r.rolconnlimit, -1),
         '"create_database":' || CASE WHEN r.rolcreatedb THEN 'true' END,
         '"create_role":' || CASE WHEN r.rolcreaterole THEN 'true' END,
         '"inherit":' || CASE WHEN r.rolinherit THEN 'true' ELSE 'false' END,
         '"login":' || CASE WHEN r.rolcanlogin THEN 'true' ELSE 'false' END,
         '"replication":' || CASE WHEN r.rolreplication THEN 'true' END,
         '"superuser":' || CASE WHEN r.rolsuper THEN 'true' END,
         '"valid_until":' || CASE WHEN isfinite(r.rolvaliduntil) THEN to_json(
             to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')) END
       )
  FROM pg_roles r
