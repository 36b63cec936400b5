"""Files that a site gives us: read whole, every problem named with its line."""
