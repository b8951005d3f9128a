"""Sequencing without a sequencer: synthetic people and their reads. Imports nothing heavier than numpy and pysam."""
