"""Proportions of the panel's populations, straight from likelihoods."""
