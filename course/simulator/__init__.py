"""A simulated AWS account: one clock, one call log, faithful services. Pure Python."""
