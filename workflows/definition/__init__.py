"""A workflow's tree: read into a program, linted before it is published, told in sentences. Pure."""

from workflows.definition.blocks import BLOCKS, Block, Case, Program, Way, checksum, program
from workflows.definition.broken import BrokenDefinition
from workflows.definition.cautions import cautions
from workflows.definition.flow_checks import Problem, Surroundings
from workflows.definition.lint import lint
from workflows.definition.outline import Line, outline
from workflows.definition.parameters import Parameter, applied, parameters_of
from workflows.definition.schema import JSON_SCHEMA

__all__ = [
    "BLOCKS",
    "JSON_SCHEMA",
    "Block",
    "BrokenDefinition",
    "Case",
    "Line",
    "Parameter",
    "Problem",
    "Program",
    "Surroundings",
    "Way",
    "applied",
    "cautions",
    "checksum",
    "lint",
    "outline",
    "parameters_of",
    "program",
]
