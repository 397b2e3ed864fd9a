"""What the drivers of cloud SMS providers share: a line whose messages go out by HTTP, by templates alone."""
