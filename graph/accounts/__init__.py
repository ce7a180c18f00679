"""Who may ask and what is connected: tenants, API keys, integration accounts, and the vault of their secrets."""
