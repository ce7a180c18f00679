"""What clients see: one module a type, thin resolvers, every word described."""
