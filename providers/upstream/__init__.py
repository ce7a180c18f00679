"""The one way from StayGraph to a PMS: permits, tokens, retries, circuits, sharing."""
