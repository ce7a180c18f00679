"""What outlives the process: tables, migrations and the way to the database."""
