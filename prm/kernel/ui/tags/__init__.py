"""The template tags, by what they show; `{% load ui %}` brings them all."""
