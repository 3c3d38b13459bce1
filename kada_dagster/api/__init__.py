"""The REST client room: session, retries, rate budget, paging, typed errors, journal.

Belongs here: what every REST source shares. Not here: any endpoint, field or limit of one vendor.
`client.ApiClient` sends nothing but GET; `sending.SendingClient` is for the sources that act, too.
Nothing here imports `requests` before a client is built.
"""
