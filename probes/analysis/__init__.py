"""From timestamps to numbers: pure, no clock, no socket."""
