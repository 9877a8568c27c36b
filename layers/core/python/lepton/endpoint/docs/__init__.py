"""What the API tells of itself: its OpenAPI document, each model's own, and a page that shows both."""
