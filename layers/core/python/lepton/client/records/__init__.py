"""What the API answers: plain dictionaries, typed. Made from the routes, see cli/openapi."""
