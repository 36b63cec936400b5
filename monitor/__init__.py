"""The monitor: the inventory, its rates, and everything its users see."""
