"""Keeping the book true: what changed, what is old or odd, reading public lists anew, dated snapshots."""
