SELECT format('%%s of %%s refers to them', k.conname, k.conrelid::regclass)
FROM pg_catalog.pg_constraint k
WHERE k.confrelid = %(oid)s AND k.contype = 'f' AND k.conrelid <> k.confrelid AND k.conparentid = 0
ORDER BY 1
