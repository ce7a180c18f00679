"""GraphiQL at ``/graphql``: the page, its files, and how the files get into the wheel."""

from graph.explorer.bundle import present as explorer_ready
from graph.explorer.examples import example_tabs
from graph.explorer.files import explorer_routes
from graph.explorer.page import PAGE_HEADERS, Tab, bearer, explorer_page

__all__ = [
    "PAGE_HEADERS",
    "Tab",
    "bearer",
    "example_tabs",
    "explorer_page",
    "explorer_ready",
    "explorer_routes",
]
