INSERT INTO {schema}.versions (task, number, file, checksum) VALUES (%s, %s, %s, %s)
ON CONFLICT (task, number) DO UPDATE SET file = EXCLUDED.file, checksum = EXCLUDED.checksum
