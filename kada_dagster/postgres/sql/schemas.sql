-- META: schemas.
SELECT 'SCHEMA', {0} || '.' || id!(n.nspname), 'SCHEMA', n.nspname, d.description, NULL,
       {1} || '.' || path!(n.nspname), NULL, NULL, NULL, {0}, NULL, NULL, NULL, NULL,
       pg_get_userbyid(n.nspowner), NULL, NULL
  FROM pg_namespace n
  LEFT JOIN pg_description d
    ON d.objoid = n.oid AND d.classoid = 'pg_namespace'::regclass AND d.objsubid = 0
 WHERE {2}
