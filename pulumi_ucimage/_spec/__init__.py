"""Tables of arguments, results and settings; signatures, schema, help and docs use them."""
