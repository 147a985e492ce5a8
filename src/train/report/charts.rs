//! The curves of a run, from the tables in its folder: which of them belong into one chart.

use std::path::Path;

use serde::Serialize;

use super::table::{Curve, Table};

/// What a DCGAN's scores are called by people: columns of `losses.csv`.
const SCORES: [(&str, &str); 3] =
    [("d_real", "D(x)"), ("d_fake", "D(G(z))"), ("d_fake_after", "D(G(z)) after D's step")];

/// What the columns of `progress.csv` are called.
const MEMORY: [(&str, &str); 2] = [("device_mib", "tensors"), ("process_mib", "this process")];

/// Curves over the same axes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    title: String,
    /// What is to be known of the figures.
    note: String,
    curves: Vec<Curve>,
    /// Whether the curves jump so much that they are shown smoothed.
    smoothed: bool,
}

/// All charts of a run's folder; those without a point are left out by the page.
pub fn charts(folder: &Path) -> Vec<Chart> {
    let [losses, metrics, progress] =
        ["losses.csv", "metrics.csv", "progress.csv"].map(|name| Table::read(&folder.join(name)));
    let mut charts = of_losses(&losses);
    charts.extend(of_metrics(&metrics));
    charts.extend(of_progress(&progress));
    charts
}

/// Losses, scores and whatever else a recipe reports of a step.
fn of_losses(table: &Table) -> Vec<Chart> {
    let named = |names: &[(&str, &str)]| curves(table, names);
    let (augment, losses): (Vec<_>, Vec<_>) = table
        .names
        .iter()
        .map(|name| (name.as_str(), name.as_str()))
        .filter(|(name, _)| !["step", "epoch"].contains(name) && !is_score(name))
        .partition(|(name, _)| name.starts_with("augment"));
    vec![
        chart("Losses", named(&losses), true),
        chart("D(x) and D(G(z))", named(&SCORES), true),
        chart("Augmentation", named(&augment), false),
    ]
}

/// A chart for each metric: its mean, and what it is the mean of.
fn of_metrics(table: &Table) -> Vec<Chart> {
    let metric = table.column("metric");
    let mut found: Vec<&str> =
        metric.map_or(vec!["metric"], |column| table.rows.iter().map(|row| row[column].as_str()).collect());
    found.sort_unstable();
    found.dedup();
    let of = |name: &str| {
        let numbers = (0..table.names.len()).rev().filter(|&column| {
            Some(column) != metric && !["step", "epoch", "samples", "count"].contains(&table.names[column].as_str())
        });
        let of_it = |row: &[String]| metric.is_none_or(|column| row[column] == name);
        let curves = numbers.map(|column| table.curve(column, &table.names[column], of_it)).collect();
        Chart { title: format!("Metric: {name}"), note: table.notes.join(" "), curves, smoothed: false }
    };
    found.into_iter().map(of).collect()
}

/// Whether a column of `losses.csv` is a score and no loss.
pub fn is_score(name: &str) -> bool {
    SCORES.iter().any(|(score, _)| *score == name)
}

fn of_progress(table: &Table) -> Vec<Chart> {
    vec![
        chart("Images a second", curves(table, &[("images_per_second", "images/s")]), false),
        chart("Memory (MiB)", curves(table, &MEMORY), false),
    ]
}

fn chart(title: &str, curves: Vec<Curve>, smoothed: bool) -> Chart {
    Chart { title: title.to_owned(), note: String::new(), curves, smoothed }
}

/// The curves of the columns that are there, under the names that people know.
fn curves(table: &Table, names: &[(&str, &str)]) -> Vec<Curve> {
    let curve = |(column, name): &(&str, &str)| Some(table.curve(table.column(column)?, name, |_| true));
    names.iter().filter_map(curve).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_column_is_in_a_chart() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it can be written");
        write("losses.csv", "step,epoch,d_loss,g_loss,d_real,d_fake,augment_p\n1,0,1,2,3,4,0.5\n");
        write("metrics.csv", "# of 64 pictures\nstep,metric,16,mean\n5,swd,3,4\n5,kid,,7\n");
        let charts = charts(folder.path());
        let names = |title: &str| {
            let chart = charts.iter().find(|chart| chart.title == title).unwrap_or_else(|| panic!("no {title}"));
            chart.curves.iter().filter(|curve| !curve.x.is_empty()).map(|curve| curve.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names("Losses"), ["d_loss", "g_loss"]);
        assert_eq!(names("D(x) and D(G(z))"), ["D(x)", "D(G(z))"]);
        assert_eq!(names("Augmentation"), ["augment_p"]);
        assert_eq!(names("Metric: swd"), ["mean", "16"]);
        assert_eq!(names("Metric: kid"), ["mean"]);
        assert!(names("Memory (MiB)").is_empty(), "a run that has not written a table yet");
    }
}
