-- META: triggers that people made.
SELECT 'TRIGGER', r.id || '.(trigger).' || id!(g.tgname), 'TRIGGER', g.tgname, d.description, NULL,
       r.path || '.' || path!(g.tgname), pg_get_triggerdef(g.oid), NULL, NULL, r.id,
       NULL, NULL, NULL, NULL, NULL,
       CASE g.tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS'
                        ELSE 'ENABLED' END,
       json!(
         '"function":' || to_json({0} || '.' || id!(pn.nspname) || '.' || signature!(p))
       )
  FROM pg_trigger g
  JOIN (SELECT c.oid, {0} || '.' || id!(n.nspname) || '.' || id!(c.relname) AS id,
               {1} || '.' || path!(n.nspname) || '.' || path!(c.relname) AS path
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'f') AND {2}) r ON r.oid = g.tgrelid
  JOIN pg_proc p ON p.oid = g.tgfoid
  JOIN pg_namespace pn ON pn.oid = p.pronamespace
  LEFT JOIN pg_description d
    ON d.objoid = g.oid AND d.classoid = 'pg_trigger'::regclass AND d.objsubid = 0
 WHERE NOT g.tgisinternal
