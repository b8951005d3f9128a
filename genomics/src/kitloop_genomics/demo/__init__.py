"""A small simulated reference bundle and the people who are not in its panel."""
