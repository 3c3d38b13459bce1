"""The parts of the collector's extractor: what is read of an account becomes rows of the contract.

`docs/fivetran-collector.md` says what is written, under which ids. Nothing here sends a request of
its own: the client does.
"""
