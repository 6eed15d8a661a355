"""Steps that make other vectors of vectors: each is a small type, and a row of the table in `spelling`."""
