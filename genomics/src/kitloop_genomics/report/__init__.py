"""One JSON with everything that a results page or a printed report shows."""
