"""FASTQ to a sorted, duplicate-marked, indexed BAM."""
