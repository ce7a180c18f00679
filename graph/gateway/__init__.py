"""Between the schema and the plugins: choose accounts, fetch, keep, merge, page, and say how fresh each source is."""
