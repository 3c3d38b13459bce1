INSERT INTO {schema}.mark_change
    (name, changed_at, action, window_start, window_end, mark_before, mark_after)
VALUES (
    %(name)s, %(at)s, %(action)s, %(start)s::timestamptz, %(end)s::timestamptz,
    %(before)s::timestamptz, %(after)s::timestamptz
);
DELETE FROM {schema}.mark_change
WHERE name = %(name)s AND id <= (
    SELECT id FROM {schema}.mark_change WHERE name = %(name)s
    ORDER BY id DESC OFFSET %(kept)s LIMIT 1
);
