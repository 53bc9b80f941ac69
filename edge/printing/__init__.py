"""Paper: what is printed, how it is encoded, sent with proof, and a printer made of software."""
