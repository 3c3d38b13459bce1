-- Whoever changes a mark holds its row until the end of the transaction.
INSERT INTO {schema}.high_water_mark (name) VALUES (%(name)s) ON CONFLICT (name) DO NOTHING;
SELECT 1 FROM {schema}.high_water_mark WHERE name = %(name)s FOR UPDATE;
