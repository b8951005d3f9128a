"""Polygenic scores from PGS Catalog scoring files, with percentiles against the panel."""
