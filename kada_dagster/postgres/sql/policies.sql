-- META: row-security policies.
SELECT 'POLICY', r.id || '.(policy).' || id!(p.polname), 'ROW SECURITY POLICY', p.polname,
       d.description, NULL, r.path || '.' || path!(p.polname),
       concat_ws(' ', 'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
       NULL, NULL, r.id, NULL, NULL, NULL, NULL, NULL, NULL,
       json!(
         '"command":' || CASE p.polcmd WHEN 'r' THEN '"SELECT"' WHEN 'a' THEN '"INSERT"'
             WHEN 'w' THEN '"UPDATE"' WHEN 'd' THEN '"DELETE"' ELSE '"ALL"' END,
         '"permissive":' || CASE WHEN p.polpermissive THEN 'true' ELSE 'false' END,
         '"roles":' || (
             SELECT list!(coalesce(a.rolname, 'public') ORDER BY a.rolname)
               FROM unnest(p.polroles) u(oid) LEFT JOIN pg_roles a ON a.oid = u.oid)
       )
  FROM pg_policy p
  JOIN (SELECT c.oid, {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS id,
               {1} || '.' || path!(n.nspname) || '.' || path!(c.relname) AS path
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE {2}) r ON r.oid = p.polrelid
  LEFT JOIN pg_description d
    ON d.objoid = p.oid AND d.classoid = 'pg_policy'::regclass AND d.objsubid = 0
