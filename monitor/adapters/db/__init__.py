"""The database: all SQL of the product lives here, for SQLite (embedded) and PostgreSQL (at scale) alike.

`engine.Database` owns the connections; `states.SqlStateStore`, `inventory.SqlInventory` and `queries.SqlQueries`
are the ports on top of it; `memory.MemoryStore` is all three without a database; `migrate` makes and checks the schema.
"""
