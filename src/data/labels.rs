//! Which class each picture of a folder is of: its sub-folder says so, or a table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use csv::{ReaderBuilder, StringRecord, Trim};
use rayon::prelude::*;

use super::{Attribute, Labels, Pictures, open::looks_like_a_picture};

/// Names that the column of the files goes by, in small letters; without any of them it is the first.
const FILES: [&str; 6] = ["file", "file_name", "filename", "path", "image", "picture"];

/// What stands between two cells of a line: the one of these that the first line has most of.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Where the classes of a folder's pictures are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labelling {
    /// Each folder in the folder is a class, with all that lies below it.
    Folders,
    /// A line of a CSV file for each picture.
    Table {
        /// The CSV file.
        file: PathBuf,
        /// The column of the classes; `None` where there is but one beside that of the files.
        column: Option<String>,
    },
}

/// A table of classes, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The name of the column of the classes.
    pub column: String,
    /// The class of each file, which is named from the folder of pictures on, with `/` between folders.
    pub classes: BTreeMap<String, String>,
}

/// Classes that cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The system refuses to read the table.
    #[error("the table of labels {} cannot be read ({source}); give a CSV file, or the word folders", .file.display())]
    Unreadable {
        /// The table.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },

    /// It is no CSV with a header, or a line of it says nothing.
    #[error(
        "the table of labels {} is not understood: {reason}; it has to be text (UTF-8) with a line of column names \
         and then a line for each picture, its file and its class", .file.display()
    )]
    NotATable {
        /// The table.
        file: PathBuf,
        /// What is the matter.
        reason: String,
    },

    /// There is no such column.
    #[error(
        "the table of labels {} has no column of classes '{column}'; it has {}; give one of them as --label-column",
        .file.display(), quoted(.columns)
    )]
    NoColumn {
        /// The table.
        file: PathBuf,
        /// The one asked for.
        column: String,
        /// The columns that there are, without that of the files.
        columns: Vec<String>,
    },

    /// None was asked for, and there is more than one, or none.
    #[error(
        "the table of labels {} has the columns {} beside that of the files; say which one holds the classes with \
         --label-column", .file.display(), quoted(.columns)
    )]
    WhichColumn {
        /// The table.
        file: PathBuf,
        /// The columns that there are, without that of the files.
        columns: Vec<String>,
    },

    /// One file, two classes.
    #[error(
        "the table of labels {} says of {picture} that it is '{}' and that it is '{}'; leave one line",
        .file.display(), .classes[0], .classes[1]
    )]
    Twice {
        /// The table.
        file: PathBuf,
        /// The picture.
        picture: String,
        /// What is said of it.
        classes: [String; 2],
    },

    /// Lines about files that are not there.
    #[error(
        "{count} lines of the table of labels {} name files that are not below {} (first {first}); name them from \
         that folder on, or take the lines out", .file.display(), .folder.display()
    )]
    NoFile {
        /// The table.
        file: PathBuf,
        /// Where the pictures are.
        folder: PathBuf,
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },

    /// Pictures of which no line speaks.
    #[error(
        "the table of labels {} says nothing of {count} pictures (first {first}); add lines for them, or take them \
         out of the folder", .file.display()
    )]
    NoLine {
        /// The table.
        file: PathBuf,
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },

    /// Pictures beside the folders.
    #[error(
        "with --labels folders each folder in {0} is a class, but {count} pictures lie in none (first {first}); move \
         them into the folder of their class", .folder.display()
    )]
    Loose {
        /// The folder of pictures.
        folder: PathBuf,
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },

    /// One class is no label.
    #[error("all pictures are of one class, '{class}'; labels need two classes or more; leave --labels out")]
    OneClass {
        /// The class.
        class: String,
    },

    /// Drawn portraits have no such attribute.
    #[error(
        "drawn portraits have no attribute '{name}'; they have {}; folders and tables of labels go with --data",
        quoted(.names)
    )]
    NoAttribute {
        /// The one asked for.
        name: String,
        /// Those that there are.
        names: Vec<String>,
    },
}

impl Labelling {
    /// The name of what is told apart, and of each file of the folder its class; `None` for files that are no pictures.
    pub(super) fn classes(
        &self,
        folder: &Path,
        files: &[PathBuf],
    ) -> Result<(String, Vec<Option<String>>), LabelError> {
        let is_picture: Vec<bool> = files.par_iter().map(|file| looks_like_a_picture(file)).collect();
        let named = |file: &PathBuf| name_of(file.strip_prefix(folder).unwrap_or(file));
        match self {
            Self::Folders => {
                let class = |name: String| name.split_once('/').map(|(class, _)| class.to_owned());
                let classes: Vec<_> = files.iter().map(|file| class(named(file))).collect();
                let loose = |place: &usize| is_picture[*place] && classes[*place].is_none();
                let mut loose = (0..files.len()).filter(loose);
                if let Some(first) = loose.next() {
                    let (count, first) = (1 + loose.count(), named(&files[first]));
                    return Err(LabelError::Loose { folder: folder.into(), count, first });
                }
                Ok(("folder".into(), classes))
            }
            Self::Table { file, column } => {
                let table = Table::read(file, column.as_deref())?;
                table.check(file, folder, files.iter().map(named), &is_picture)?;
                let classes = files.iter().map(|file| table.classes.get(&named(file)).cloned()).collect();
                Ok((table.column, classes))
            }
        }
    }
}

impl Table {
    /// Reads a CSV file: see [`Table::parse`].
    ///
    /// # Errors
    /// See [`LabelError`].
    pub fn read(file: &Path, column: Option<&str>) -> Result<Self, LabelError> {
        let bytes = fs::read(file).map_err(|source| LabelError::Unreadable { file: file.into(), source })?;
        Self::parse(file, &bytes, column)
    }

    /// The classes in the bytes of a CSV file (RFC 4180, with commas, semicolons or tabs) whose first line names the
    /// columns. The files stand in the column named `file`, `file_name`, `filename`, `path`, `image` or `picture`,
    /// else in the first; the classes in `column`. `file` is what the table is called in errors.
    ///
    /// # Errors
    /// See [`LabelError`].
    pub fn parse(file: &Path, bytes: &[u8], column: Option<&str>) -> Result<Self, LabelError> {
        let broken = |reason: String| LabelError::NotATable { file: file.into(), reason };
        let first_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |delimiter: &u8| first_line.iter().filter(|byte| *byte == delimiter).count();
        // Of equals the last is the greatest, and a comma is the usual one.
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',');
        let mut reader = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|error| broken(error.to_string()))?.clone();
        let (files, class) = columns(file, &header, column)?;
        let mut classes: BTreeMap<String, String> = BTreeMap::new();
        for line in reader.records() {
            let line = line.map_err(|error| broken(error.to_string()))?;
            let cell = |place: usize| line.get(place).filter(|text| !text.is_empty());
            let (Some(picture), Some(class)) = (cell(files), cell(class)) else {
                let number = line.position().map_or(0, csv::Position::line);
                return Err(broken(format!("line {number} has no file or no class")));
            };
            let picture = name_of(Path::new(&picture.replace('\\', "/")));
            match classes.get(&picture) {
                Some(before) if before != class => {
                    let classes = [before.clone(), class.to_owned()];
                    return Err(LabelError::Twice { file: file.into(), picture, classes });
                }
                _ => classes.insert(picture, class.to_owned()),
            };
        }
        Ok(Self { column: header.get(class).unwrap_or_default().to_owned(), classes })
    }

    /// Refuses lines without a file, and pictures without a line.
    fn check(
        &self,
        file: &Path,
        folder: &Path,
        files: impl Iterator<Item = String>,
        is_picture: &[bool],
    ) -> Result<(), LabelError> {
        let files: Vec<String> = files.collect();
        let there: BTreeSet<&String> = files.iter().collect();
        let mut absent = self.classes.keys().filter(|name| !there.contains(name));
        if let Some(first) = absent.next() {
            let (first, count) = (first.clone(), 1 + absent.count());
            return Err(LabelError::NoFile { file: file.into(), folder: folder.into(), count, first });
        }
        let unknown = |(name, is_picture): &(&String, &bool)| **is_picture && !self.classes.contains_key(*name);
        let mut unknown = files.iter().zip(is_picture).filter(unknown);
        if let Some((first, _)) = unknown.next() {
            let (first, count) = (first.clone(), 1 + unknown.count());
            return Err(LabelError::NoLine { file: file.into(), count, first });
        }
        Ok(())
    }
}

impl Pictures {
    /// The same pictures with one of their attributes as the only one.
    ///
    /// # Errors
    /// [`LabelError::NoAttribute`].
    pub fn labelled_by(mut self, name: &str) -> Result<Self, LabelError> {
        let attributes = self.take_labels().attributes;
        let names = attributes.iter().map(|attribute| attribute.name.clone()).collect();
        match attributes.into_iter().find(|attribute| attribute.name == name) {
            Some(attribute) => Ok(self.with_labels(Labels { attributes: vec![attribute] })),
            None => Err(LabelError::NoAttribute { name: name.into(), names }),
        }
    }
}

/// The labels of pictures of which each has the class of this name. The classes are sorted by name.
///
/// # Errors
/// [`LabelError::OneClass`].
pub(super) fn labels_of(name: String, of_each: &[String]) -> Result<Labels, LabelError> {
    let classes: BTreeSet<&String> = of_each.iter().collect();
    let classes: Vec<String> = classes.into_iter().cloned().collect();
    if let [class] = &classes[..] {
        return Err(LabelError::OneClass { class: class.clone() });
    }
    let place = |class: &String| classes.binary_search(class).expect("each class is among all classes") as u32;
    let values = of_each.iter().map(place).collect();
    Ok(Labels { attributes: vec![Attribute { name, classes, values }] })
}

/// The places of the files and of the classes in a line.
fn columns(file: &Path, header: &StringRecord, wanted: Option<&str>) -> Result<(usize, usize), LabelError> {
    let named = |name: &str| FILES.contains(&name.to_lowercase().as_str());
    let files = header.iter().position(named).unwrap_or(0);
    let others: Vec<usize> = (0..header.len()).filter(|place| *place != files).collect();
    let columns = || others.iter().map(|place| header[*place].to_owned()).collect();
    let found = match wanted {
        None if others.len() == 1 => Some(&others[0]),
        None => return Err(LabelError::WhichColumn { file: file.into(), columns: columns() }),
        Some(column) => others.iter().find(|place| &header[**place] == column),
    };
    let missing =
        || LabelError::NoColumn { file: file.into(), column: wanted.unwrap_or_default().into(), columns: columns() };
    found.map(|class| (files, *class)).ok_or_else(missing)
}

/// A path as tables write it: with `/` between folders, and no `.` that means nothing.
fn name_of(path: &Path) -> String {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}
