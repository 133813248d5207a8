"""Whether a company may use an open model, by which clause."""
