"""From FASTA, phased VCF or BCF, genetic map and population table to a reference bundle."""
