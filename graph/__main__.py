"""``python -m graph`` is ``staygraph``."""

from graph.cli import main

main()
