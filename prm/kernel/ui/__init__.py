"""The design system: shell, components, the one list, the record frame, branding (docs/ui.md)."""
