"""Runs on several machines, by way of Celery: the launcher, and the app its workers serve.

The engine is dagster-celery's. What is here closes its gaps: see docs/deploy-celery.md.
"""
