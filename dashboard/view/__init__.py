"""What draws: what the pages share, charts, pictures, components."""
