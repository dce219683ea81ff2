"""What an inverse run found, with its ±: a material, the wavelet of a source."""
