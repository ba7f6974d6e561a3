//! Stories of the whole pipeline.
