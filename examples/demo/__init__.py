"""The whole loop on real data, as a user would walk it: `make demo`."""
