"""The demo: `make demo` and `make dev`. What it runs is the product itself, nothing of its own."""
