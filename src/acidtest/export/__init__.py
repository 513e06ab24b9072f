"""An accepted benchmark as other tools' tasks: one file per tool."""
