"""Are these FASTQ files what they claim to be?"""
