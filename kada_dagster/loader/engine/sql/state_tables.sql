CREATE TABLE IF NOT EXISTS {schema}.state (
  task text NOT NULL,
  part text NOT NULL,                  -- '' for the whole table
  mark text,                           -- of an incremental load
  fingerprint text NOT NULL,           -- of the definition that was loaded
  rows bigint NOT NULL,                -- read by the last load
  facts jsonb NOT NULL DEFAULT '{{}}',   -- what a mode keeps for its next load
  finished_at timestamptz NOT NULL,
  load_id text NOT NULL DEFAULT '',    -- of the load that wrote this: whether it was committed
  outcome jsonb NOT NULL DEFAULT '{{}}', -- what it came to
  PRIMARY KEY (task, part)
);
CREATE TABLE IF NOT EXISTS {schema}.versions (
  task text NOT NULL,
  number integer NOT NULL,
  file text NOT NULL,
  checksum text NOT NULL,              -- sha256 of the file as it was applied
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (task, number)
);
COMMENT ON TABLE {schema}.state IS 'What was loaded last, written in the transaction that loaded it';
COMMENT ON TABLE {schema}.versions IS 'Files of ver/ that were applied, each once'
