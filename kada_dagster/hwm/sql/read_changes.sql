SELECT changed_at, action, window_start, window_end, mark_before, mark_after
FROM {schema}.mark_change
WHERE name = %(name)s
ORDER BY id DESC
LIMIT %(limit)s;
