"""The Relay node interface."""

import strawberry


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque id, unique over all types, accounts and PMSs.")
