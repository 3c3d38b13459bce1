"""Tests of `kada_dagster`, folder by folder as the package has them."""
