-- LINKAGE: who will be granted privileges on new objects.
SELECT 'USER', {3} || '.(role).' || id!(g.grantee), 'DEFAULT_PRIVILEGE',
       CASE WHEN g.nspname IS NULL THEN {0} ELSE {0} || '.' || id!(g.nspname) END
         || '.(default_privilege).' || id!(g.name), 'GRANT', 'DIRECT',
       json!('"privileges":' || list!(g.privilege ORDER BY g.privilege))
  FROM (SELECT DISTINCT coalesce(r.rolname, 'public') AS grantee, n.nspname,
               a.privilege_type AS privilege,
               pg_get_userbyid(d.defaclrole) || ' ' || CASE d.defaclobjtype
                 WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                 WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects'
                 ELSE d.defaclobjtype::text END AS name
          FROM pg_default_acl d
          CROSS JOIN LATERAL aclexplode(d.defaclacl) a
          LEFT JOIN pg_roles r ON r.oid = a.grantee
          LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
         WHERE a.grantee <> d.defaclrole AND (n.oid IS NULL OR {2})) g
 GROUP BY g.grantee, g.nspname, g.name
