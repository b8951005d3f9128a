"""The shop's pages: each authenticates, parses, calls one verb or query, and presents a frozen page object."""
