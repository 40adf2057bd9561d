"""The designer: edits a workflow's tree by place, draws it on two faces, and tries it on a past event."""
