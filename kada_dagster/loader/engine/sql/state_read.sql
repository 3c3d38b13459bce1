SELECT mark, fingerprint, rows, facts, load_id, outcome FROM {schema}.state WHERE task = %s AND part = %s
