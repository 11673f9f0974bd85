"""Everything that is the app but not a page."""
