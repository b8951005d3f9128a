"""The reference bundle: one folder that makes the analysis independent of species and build."""
