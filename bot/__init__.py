"""Paperboy: pushes digests of new arXiv papers to chats."""

__version__ = "0.1.0"
