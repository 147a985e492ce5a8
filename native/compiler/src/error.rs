//! What can be wrong with a shader, said with the place in the file that a person edits.

use std::fmt;

/// A place in a file below `shaders/`, printed as `conv/conv2d.wgsl:12:5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path relative to `shaders/`.
    pub path: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in bytes, counted from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// Why a shader could not be made ready for a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShaderError {
    /// No kernel has this name.
    #[error("no kernel is called `{0}`: a kernel is called as its file below shaders/ (without .wgsl)")]
    Unknown(String),
    /// The text is wrong at one place: an import, the grammar or a rule of WGSL.
    #[error("{place}: {message}")]
    At {
        /// Where, in the file the line was written in.
        place: Place,
        /// What is wrong there.
        message: String,
    },
    /// The shader as a whole is wrong: its entry point, its bindings, or the values given to its overrides.
    #[error("{path}: {message}")]
    Whole {
        /// The path relative to `shaders/`.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}
