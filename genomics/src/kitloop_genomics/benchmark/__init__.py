"""Measure the imputer on a folder of panel, targets and stored likelihoods, and simulate such a folder."""
