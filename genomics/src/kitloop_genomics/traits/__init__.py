"""Traits that one variant decides, told only where its genotype is sure enough."""
