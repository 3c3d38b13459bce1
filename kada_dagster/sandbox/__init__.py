"""Stand-ins for what is extracted from: servers that run here, and sample data to fill them.

The demo and the tests share them, so that there is one of each. Nothing here is needed to run
against real sources, and no other room imports this one except the demo commands.
"""
