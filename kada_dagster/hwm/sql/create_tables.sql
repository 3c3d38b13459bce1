-- The schema is made before, where it is missing.
CREATE TABLE IF NOT EXISTS {schema}.high_water_mark (
    name text PRIMARY KEY,
    mark timestamptz
        CHECK (
            mark BETWEEN '1000-01-01 00:00:00+00' AND '9999-12-31 23:59:59+00'
            AND mark = date_trunc('second', mark)
        ),
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE {schema}.high_water_mark IS
    'One row a collector instance: the end of the last window up to which all is uploaded';

CREATE TABLE IF NOT EXISTS {schema}.uploaded_ahead (
    name text NOT NULL REFERENCES {schema}.high_water_mark ON DELETE CASCADE,
    span_start timestamptz NOT NULL
        CHECK (
            span_start BETWEEN '1000-01-01 00:00:00+00' AND '9999-12-31 23:59:59+00'
            AND span_start = date_trunc('second', span_start)
        ),
    span_end timestamptz NOT NULL
        CHECK (
            span_end BETWEEN '1000-01-01 00:00:00+00' AND '9999-12-31 23:59:59+00'
            AND span_end = date_trunc('second', span_end)
        ),
    PRIMARY KEY (name, span_start),
    CHECK (span_start < span_end)
);
COMMENT ON TABLE {schema}.uploaded_ahead IS 'What was uploaded beyond a gap that holds a mark';

CREATE TABLE IF NOT EXISTS {schema}.mark_change (
    name text NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    changed_at timestamptz NOT NULL,
    action text NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    mark_before timestamptz,
    mark_after timestamptz,
    PRIMARY KEY (name, id)
);
COMMENT ON TABLE {schema}.mark_change IS 'What has moved a mark, the last changes of each';
