-- META: functions, procedures, aggregates and window functions with signature and body. What is
-- written in C has no body here, but the name of a symbol; aggregates neither.
SELECT 'PROCEDURE', {0} || '.' || id!(n.nspname) || '.' || signature!(p),
       CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE'
                      WHEN 'w' THEN 'WINDOW FUNCTION' ELSE 'FUNCTION' END,
       p.proname, d.description, NULL, {1} || '.' || path!(n.nspname) || '.' || path!(p.proname),
       CASE WHEN l.lanname IN ('internal', 'c') THEN NULL
            WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid) -- since 14
            ELSE p.prosrc END,
       NULL, NULL, {0} || '.' || id!(n.nspname), pg_get_function_result(p.oid),
       NULL, NULL, NULL, pg_get_userbyid(p.proowner), NULL,
       json!(
         '"arguments":' || to_json(nullif(pg_get_function_identity_arguments(p.oid), '')),
         '"extension":' || to_json(e.extname),
         '"final_function":' || CASE WHEN g.aggfinalfn::oid <> 0
             THEN to_json(g.aggfinalfn::oid::regprocedure::text) END,
         '"language":' || to_json(l.lanname),
         '"leakproof":' || CASE WHEN p.proleakproof THEN 'true' END,
         '"parallel":' || CASE p.proparallel WHEN 's' THEN '"safe"' WHEN 'r' THEN '"restricted"'
                                             ELSE '"unsafe"' END,
         '"returns_set":' || CASE WHEN p.proretset THEN 'true' END,
         '"security_definer":' || CASE WHEN p.prosecdef THEN 'true' END,
         '"state_function":' || to_json(g.aggtransfn::oid::regprocedure::text),
         '"strict":' || CASE WHEN p.proisstrict THEN 'true' END,
         '"volatility":' || CASE p.provolatile WHEN 'i' THEN '"immutable"' WHEN 's' THEN '"stable"'
                                               ELSE '"volatile"' END
       )
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid
  LEFT JOIN pg_description d
    ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
  LEFT JOIN pg_depend x
    ON x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'e'
   AND x.refclassid = 'pg_extension'::regclass
  LEFT JOIN pg_extension e ON e.oid = x.refobjid
 WHERE {2}
