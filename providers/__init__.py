"""What property management systems look like to StayGraph: the unified model, the plugin contract, the plugins."""
