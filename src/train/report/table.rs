//! Tables of numbers as reports draw them: CSV files of a run, thinned to what a screen can show.

use std::{fs, path::Path};

/// The most points of a curve: more than a screen has pixels across.
const MOST: usize = 2000;

/// A CSV file: lines that begin with `#`, a line of names, rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// What the lines that begin with `#` say.
    pub notes: Vec<String>,
    /// The names of the columns.
    pub names: Vec<String>,
    /// The fields, row by row: as many as there are names.
    pub rows: Vec<Vec<String>>,
}

/// A curve: steps, and a value at each; what is not a number is left out.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// The steps.
    pub x: Vec<f64>,
    /// The values.
    pub y: Vec<f64>,
}

impl Table {
    /// Reads a file; empty where there is none, or one that is no text. Rows that are not whole are left out, because
    /// another program may be writing.
    pub fn read(path: &Path) -> Self {
        fs::read_to_string(path).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut table = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let fields = || line.split(',').map(|field| field.trim().to_owned()).collect::<Vec<_>>();
            match line.strip_prefix('#') {
                Some(note) => table.notes.push(note.trim().to_owned()),
                None if table.names.is_empty() => table.names = fields(),
                None => table.rows.push(fields()),
            }
        }
        let columns = table.names.len();
        table.rows.retain(|row| row.len() == columns);
        table
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|of| of == name)
    }

    /// The curve of a column over the steps, from the rows that `which` lets through.
    pub fn curve(&self, column: usize, name: &str, which: impl Fn(&[String]) -> bool) -> Curve {
        let step = self.column("step").unwrap_or(0);
        let number = |row: &[String], column: usize| row[column].parse::<f64>().ok().filter(|value| value.is_finite());
        let points = self.rows.iter().filter(|row| which(row));
        let points: Vec<_> = points.filter_map(|row| Some((number(row, step)?, number(row, column)?))).collect();
        let (x, y) = thinned(&points).into_iter().unzip();
        Curve { name: name.to_owned(), x, y }
    }
}

/// Of many points the lowest and the highest of each part, in their order, so that no peak is lost.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= MOST {
        return points.to_vec();
    }
    let each = points.len().div_ceil(MOST / 2);
    let of_part = |part: &[(f64, f64)]| {
        let order = |&a: &usize, &b: &usize| part[a].1.total_cmp(&part[b].1);
        let (low, high) = ((0..part.len()).min_by(order), (0..part.len()).max_by(order));
        let mut places: Vec<usize> = low.into_iter().chain(high).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| part[place]).collect::<Vec<_>>()
    };
    points.chunks(each).flat_map(of_part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_names_and_whole_rows_are_told_apart() {
        let table = Table::parse("# 64 pictures\nstep,metric,16,mean\n1,swd,2,3\n2,kid,5,NaN\n3,swd,4,5\n9,sw");
        assert_eq!((table.notes.len(), table.rows.len()), (1, 3));
        let swd = table.curve(3, "swd", |row| row[1] == "swd");
        assert_eq!((swd.x, swd.y), (vec![1.0, 3.0], vec![3.0, 5.0]));
        assert!(table.curve(3, "kid", |row| row[1] == "kid").x.is_empty(), "what is no number is left out");
        assert_eq!(Table::parse(""), Table::default());
    }

    #[test]
    fn a_long_curve_keeps_its_peaks() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|x| (f64::from(x), 1.0)).collect();
        (points[31_415].1, points[27_182].1) = (9.0, -9.0);
        let kept = thinned(&points);
        assert!(kept.len() <= MOST && kept.contains(&(31_415.0, 9.0)) && kept.contains(&(27_182.0, -9.0)));
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
    }
}
