-- Tables and views of a database with the columns of their primary keys, apart by tabs.
SELECT t.table_name, t.table_comment,
  COALESCE((SELECT GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR 0x09)
            FROM information_schema.key_column_usage k
            WHERE k.table_schema = t.table_schema AND k.table_name = t.table_name
              AND k.constraint_name = 'PRIMARY'), '')
FROM information_schema.tables t
WHERE t.table_schema = {schema} AND t.table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
ORDER BY t.table_name
