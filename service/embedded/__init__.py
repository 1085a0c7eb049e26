"""PostgreSQL and Valkey from wheels, for the demo, the tests and whoever gives no URLs of existing servers."""
