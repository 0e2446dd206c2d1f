"""Pure: no network, no disk, no clock. Everything here is a function of its arguments and of shipped data."""
