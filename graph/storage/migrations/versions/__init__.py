"""The steps. Each is frozen once released: it repeats the tables as they were, never imports them."""
