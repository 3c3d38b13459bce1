-- META: publications with what they publish.
SELECT 'PUBLICATION', {0} || '.(publication).' || id!(p.pubname), 'PUBLICATION', p.pubname,
       d.description, NULL, {1} || '.' || path!(p.pubname), NULL, NULL, NULL, {0},
       NULL, NULL, NULL, NULL, pg_get_userbyid(p.pubowner), NULL,
       json!(
         '"all_tables":' || CASE WHEN p.puballtables THEN 'true' END,
         '"operations":' || array_to_json(array_remove(ARRAY[
             CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
             CASE WHEN p.pubdelete THEN 'delete' END,
             CASE WHEN p.pubtruncate THEN 'truncate' END], NULL)),
         '"schemas":' || ( -- since 15
             SELECT list!({0} || '.' || id!(n.nspname) ORDER BY n.nspname) -- since 15
               FROM pg_publication_namespace s -- since 15
               JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid), -- since 15
         '"tables":' || (
             SELECT list!({0} || '.' || id!(n.nspname) || '.' || id!(c.relname)
                             ORDER BY n.nspname, c.relname)
               FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid)
       )
  FROM pg_publication p
  LEFT JOIN pg_description d
    ON d.objoid = p.oid AND d.classoid = 'pg_publication'::regclass AND d.objsubid = 0
