"""The store in a PostgreSQL database: the same statements, spoken in PostgreSQL's dialect on connections of psycopg."""
