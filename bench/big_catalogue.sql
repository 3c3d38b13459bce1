-- A catalogue of :tables tables of 15 columns with keys, views, functions and comments.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT format('CREATE SCHEMA s%s', i) FROM generate_series(0, 19) i \gexec
SELECT format('CREATE TABLE s%s.t%s (id bigint PRIMARY KEY DEFAULT 0, %s)', i % 20, i, (
         SELECT string_agg(format('column_%s %s', j, (ARRAY['integer', 'text', 'numeric(12,2)',
                  'timestamptz', 'varchar(40) NOT NULL'])[1 + j % 5]), ', ')
           FROM generate_series(2, 15) j))
  FROM generate_series(1, :tables) i \gexec
SELECT format('COMMENT ON TABLE s%s.t%s IS %L', i % 20, i,
              'Table number ' || i || ' of the benchmark, it''s here')
  FROM generate_series(1, :tables) i \gexec
SELECT format('COMMENT ON COLUMN s%s.t%s.column_3 IS %L', i % 20, i, 'The third column')
  FROM generate_series(1, :tables) i \gexec
SELECT format('CREATE VIEW s%s.v%s AS SELECT a.id, a.column_2, b.column_3 AS other, '
              'a.column_5 * b.column_7 AS product, coalesce(a.column_6, b.column_11) AS word, '
              'count(*) OVER (PARTITION BY a.column_5) AS n FROM s%s.t%s a JOIN s%s.t%s b '
              'USING (id) WHERE a.column_7 > 10 AND b.column_6 <> ''literal %s''',
              i % 20, i, i % 20, i, (i + 1) % 20, i + 1, i)
  FROM generate_series(1, :tables / 4) i \gexec
SELECT format('ALTER TABLE s%s.t%s ADD FOREIGN KEY (column_5) REFERENCES s%s.t%s (id)',
              i % 20, i, (i - 1) % 20, i - 1)
  FROM generate_series(2, :tables / 5) i \gexec
SELECT format('CREATE FUNCTION s%s.f%s(a integer, b text) RETURNS integer LANGUAGE plpgsql AS '
              '$b$ BEGIN /* add */ RETURN a + length(b) + %s; END $b$', i % 20, i, i)
  FROM generate_series(1, :tables / 10) i \gexec
VACUUM ANALYZE;
