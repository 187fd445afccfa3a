"""Measurements. Nothing here is imported by the product; `sufang bench` and `make bench` run it."""
