"""Changes at the PMSs: each is checked, made once, counted, and seen by the next read."""
