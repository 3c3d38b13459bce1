-- LINKAGE: membership of roles in roles, of the whole cluster.
SELECT 'USER', {3} || '.(role).' || id!(u.rolname), 'USER', {3} || '.(role).' || id!(r.rolname),
       'MEMBER_OF', 'DIRECT', json!('"admin":' || CASE WHEN bool_or(m.admin_option) THEN 'true' END)
  FROM pg_auth_members m
  JOIN pg_roles u ON u.oid = m.member
  JOIN pg_roles r ON r.oid = m.roleid
 GROUP BY u.rolname, r.rolname
