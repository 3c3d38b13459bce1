-- Whether a value of one type is taken as another one everywhere, and none is bent for it.
WITH RECURSIVE want(oid) AS (  -- a domain takes what its base does
  SELECT %(want)s::regtype::oid
  UNION SELECT t.typbasetype FROM want w JOIN pg_catalog.pg_type t ON t.oid = w.oid WHERE t.typtype = 'd'
)
SELECT EXISTS (
  SELECT FROM want w WHERE w.oid = %(have)s::regtype::oid
  OR EXISTS (SELECT FROM pg_catalog.pg_cast c
             WHERE c.castsource = %(have)s::regtype::oid AND c.casttarget = w.oid AND c.castcontext = 'i'))
