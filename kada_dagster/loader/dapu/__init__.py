"""Projects of dapu, 0.0.2 and 0.8, as projects of this loader; and what has no meaning here.

What dapu's files mean was found by reading and running it; only names of keys and files are taken
from it. A task that lost something it needs becomes a draft: what is translated never does less
in silence.
"""
