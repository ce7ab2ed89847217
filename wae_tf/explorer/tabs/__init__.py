"""The page's tabs, one to a file: each puts its parts on the page, and says what they call."""
