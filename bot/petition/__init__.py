"""The pure core: what a petition is, which channel the law gives it, and how it is taken in."""
