"""Logging for scripts and the command line; under Dagster, Dagster's own logging applies."""

from __future__ import annotations

import logging
import time

FORMAT = "%(asctime)s.%(msecs)03d UTC %(levelname)s %(name)s: %(message)s"


def get_generic_logger(name: str) -> logging.Logger:
    """Get a logger that writes to standard error, with times in UTC.

    The vendor's function of that name. A logger that has a handler already is left as it is, so
    calling this twice, or after the application set up its logging, changes nothing.

    Args:
        name: name of the logger; `root` is the root logger.
    """
    logger = logging.getLogger(name)
    if not logger.handlers:
        formatter = logging.Formatter(FORMAT, datefmt="%Y-%m-%d %H:%M:%S")
        formatter.converter = time.gmtime
        handler = logging.StreamHandler()
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger
