"""Where rows come from: one module a kind of source, each as a stream of COPY data.

Not here: what becomes of the rows; that is the engine's.
"""
