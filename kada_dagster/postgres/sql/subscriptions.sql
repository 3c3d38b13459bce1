-- META: subscriptions. subconninfo is never read: it holds a password.
SELECT 'SUBSCRIPTION', {0} || '.(subscription).' || id!(s.subname), 'SUBSCRIPTION', s.subname,
       (SELECT d.description FROM pg_description d -- its oid may not be read before 14
         WHERE d.classoid = 'pg_subscription'::regclass
           AND (pg_identify_object(d.classoid, d.objoid, 0)).identity = quote_ident(s.subname)),
       NULL, {1} || '.' || path!(s.subname), NULL, NULL, NULL, {0},
       NULL, NULL, NULL, NULL, pg_get_userbyid(s.subowner),
       CASE WHEN s.subenabled THEN 'ENABLED' ELSE 'DISABLED' END,
       json!(
         '"publications":' || array_to_json(s.subpublications),
         '"slot":' || to_json(s.subslotname)
       )
  FROM pg_subscription s
 WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
