"""Answers of an HTTP API as a source.

`client` asks, `login` signs, `paging` says what to ask next, `formats` finds the rows in an answer,
`counted` what the API counts in it, `source` puts them together. How to persist - retries, rate
budget - is the room `kada_dagster.api`.
"""
