"""Working on events in a process of their own, so that neither they nor clients wait for each other's computing."""
