"""Several bridges on one PostgreSQL database, killed while messages flow, and the books afterwards."""
