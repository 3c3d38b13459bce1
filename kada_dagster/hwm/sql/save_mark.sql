UPDATE {schema}.high_water_mark
SET mark = %(mark)s::timestamptz, changed_at = now()
WHERE name = %(name)s;
DELETE FROM {schema}.uploaded_ahead WHERE name = %(name)s;
INSERT INTO {schema}.uploaded_ahead (name, span_start, span_end)
SELECT %(name)s, span.span_start, span.span_end
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span (span_start, span_end);
