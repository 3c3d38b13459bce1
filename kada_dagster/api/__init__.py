"""The REST client room: session, retries, rate budget, paging, typed errors, journal.

Belongs here: what every REST source shares. Not here: any endpoint, field or limit of one vendor,
and any request but GET. Nothing here imports `requests` before a client is built.
"""
