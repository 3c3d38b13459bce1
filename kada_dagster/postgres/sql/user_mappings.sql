-- META: user mappings of foreign servers. Their options are never read: they hold passwords.
SELECT 'USER_MAPPING', {0} || '.(server).' || id!(m.srvname) || '.(user_mapping).' || id!(u.name),
       'USER MAPPING', u.name, NULL, NULL,
       {1} || '.' || path!(m.srvname) || '.' || path!(u.name), NULL, NULL, NULL,
       {0} || '.(server).' || id!(m.srvname), NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM pg_user_mappings m
  CROSS JOIN LATERAL (
    SELECT CASE m.umuser WHEN 0 THEN 'public' ELSE m.usename::text END AS name) u
