SELECT mark, span_start, span_end
FROM {schema}.high_water_mark
LEFT JOIN {schema}.uploaded_ahead USING (name)
WHERE name = %(name)s
ORDER BY span_start;
