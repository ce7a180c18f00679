"""What clients see: the schema, the gateway behind it, connected accounts, storage, the app and the command line."""
