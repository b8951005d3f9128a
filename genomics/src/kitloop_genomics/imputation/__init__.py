"""Genotypes at every panel site by the Li and Stephens model."""
