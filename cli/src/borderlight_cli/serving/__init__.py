"""`borderlight serve`: page, API and a small operator page on the embedded default."""
