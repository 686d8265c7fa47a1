"""Three systems of medical imaging brought into accord; see README.md."""

__version__ = "0.1.0"
