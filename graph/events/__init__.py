"""What happens at the PMSs without being asked for: webhooks are received and kept here."""
