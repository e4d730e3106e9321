"""A resolved patch of a rough surface, pressed and relieved: what micro-contact knows of it, as a table."""
