SELECT mark, fingerprint, rows, facts FROM {schema}.state WHERE task = %s AND part = %s
