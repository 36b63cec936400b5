"""Ways to receivers of notifications, one kind a file (`ports.Notifier`)."""
