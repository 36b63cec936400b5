"""Pictures to judge: scenes that are rendered, photographs of packages, faults of random severity, burnt-in texts."""
