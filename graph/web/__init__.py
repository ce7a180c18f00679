"""The HTTP face: who may come in, how large a request may be, and the GraphQL endpoint itself."""
