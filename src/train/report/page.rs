//! `report.html`: all there is to be seen of a run, in one file that needs no server and no network.

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Folder,
    charts::{Chart, charts},
    session::{self, Facts},
    sheets::Sheets,
    table::Table,
    warnings,
};
use crate::weights::replace::replace;

/// The page, in which `{{DATA}}` stands for what it shows.
const TEMPLATE: &str = include_str!("html/report.html");

/// Time from one page to the next, at least.
const EVERY: Duration = Duration::from_secs(30);

/// The part of the time that may be spent on pages: a fiftieth.
const SHARE: u32 = 50;

/// The page of a run, written again and again.
pub struct Page {
    folder: Folder,
    sheets: Sheets,
    /// When it was last written, and how long that took.
    written: Option<(Instant, Duration)>,
}

/// What a run says of itself on its page.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Recipe, preset and size.
    pub about: String,
    /// Steps done.
    pub step: u64,
    /// Steps in all.
    pub length: u64,
    /// Whether it goes on, in a word or a sentence.
    pub state: String,
}

/// What the page's script reads.
#[derive(Serialize)]
struct Data {
    name: String,
    about: String,
    state: String,
    step: u64,
    length: u64,
    written: String,
    tiles: Facts,
    warnings: Vec<String>,
    charts: Vec<Chart>,
    sheets: Vec<(u64, String)>,
    real: Option<String>,
    sessions: Vec<Facts>,
    config: String,
}

impl Page {
    /// The page of a folder.
    pub fn new(folder: &Folder) -> Self {
        Self { folder: folder.clone(), sheets: Sheets::default(), written: None }
    }

    /// Whether it is time to write it again.
    pub fn is_due(&self) -> bool {
        self.written.is_none_or(|(at, cost)| at.elapsed() >= EVERY.max(SHARE * cost))
    }

    /// Writes it. One that is there already stays whole until this one is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, standing: &Standing) -> io::Result<()> {
        let begun = Instant::now();
        let outcome = self.data(standing).and_then(|data| replace(&self.path(), page(&data)?.as_bytes()));
        // After a failure too: a disk that is full is not asked at every step.
        self.written = Some((Instant::now(), begun.elapsed()));
        outcome
    }

    /// Where it stands.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("report.html")
    }

    fn data(&mut self, standing: &Standing) -> io::Result<Data> {
        let path = self.folder.path();
        let samples = self.folder.real().with_file_name("");
        Ok(Data {
            name: path.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned()),
            about: standing.about.clone(),
            state: standing.state.clone(),
            step: standing.step,
            length: standing.length,
            written: format!("Written {}", session::now()),
            tiles: tiles(&Table::read(&self.folder.progress()), standing),
            warnings: warnings::read(&self.folder.warnings()),
            charts: charts(path),
            sheets: self.sheets.spread(&samples, standing.step),
            real: self.sheets.address(&self.folder.real()),
            sessions: session::read(&self.folder.sessions()),
            config: fs::read_to_string(path.join("config.toml"))?,
        })
    }
}

/// The figures that a reader looks for first, each with its name.
fn tiles(progress: &Table, standing: &Standing) -> Facts {
    let last = |name: &str| {
        let (column, row) = (progress.column(name)?, progress.rows.last()?);
        row[column].parse::<f64>().ok()
    };
    let mut tiles = vec![(format!("{} / {}", standing.step, standing.length), "steps".to_owned())];
    let mut add = |value: Option<String>, name: &str| tiles.extend(value.map(|value| (value, name.to_owned())));
    add(last("seconds").map(duration), "training time");
    add(last("images_per_second").map(|speed| format!("{speed:.0}")), "images a second");
    add(last("waited_percent").map(|waited| format!("{waited:.1} %")), "of it waiting for pictures");
    add(last("device_mib").map(|mib| format!("{mib:.0} MiB")), "tensors");
    add(last("process_mib").filter(|mib| *mib > 0.0).map(|mib| format!("{mib:.0} MiB")), "this process");
    tiles
}

fn duration(seconds: f64) -> String {
    let seconds = seconds as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours > 0 { format!("{hours} h {minutes:02} min") } else { format!("{minutes} min {:02} s", seconds % 60) }
}

/// The page with its data in it.
fn page(data: &Data) -> io::Result<String> {
    let json = serde_json::to_string(data).map_err(io::Error::other)?;
    // Nothing in a script element may look like its end, or like a comment; `\/` and `\u003c` are JSON's own words.
    let json = json.replace('<', "\\u003c");
    Ok(TEMPLATE.replacen("{{DATA}}", &json, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page as a browser would take it apart: the data between the tags.
    fn embedded(page: &str) -> serde_json::Value {
        let (_, rest) = page.split_once(r#"<script id="data" type="application/json">"#).expect("the data begins");
        let (json, _) = rest.split_once("</script>").expect("and ends");
        serde_json::from_str(json).expect("it is JSON")
    }

    #[test]
    fn a_page_holds_the_run_and_nothing_from_elsewhere() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it can be written");
        write("config.toml", "data = \"</script><b>\"\n");
        write("losses.csv", "step,epoch,d_loss\n1,0,0.5\n2,0,NaN\n");
        write("progress.csv", "step,seconds,images_per_second\n2,3725.0,640.4\n");
        write("warnings.txt", "step 2: beware\n");
        let mut page = Page::new(&Folder::open(folder.path()).expect("it has a config.toml"));
        assert!(page.is_due());
        let standing = Standing { about: "dcgan".into(), step: 2, length: 9, state: "running".into() };
        page.write(&standing).expect("the folder can be written");
        assert!(!page.is_due());
        let text = fs::read_to_string(page.path()).expect("it was written");
        assert!(!["http:", "https:", "src=\"", "href="].iter().any(|word| text.replace(NAMESPACE, "").contains(word)));
        let data = embedded(&text);
        assert_eq!((&data["step"], &data["config"]), (&2.into(), &"data = \"</script><b>\"\n".into()));
        assert_eq!(data["charts"][0]["curves"][0]["y"], serde_json::json!([0.5]));
        assert_eq!(data["warnings"][0], "step 2: beware");
        assert_eq!(data["tiles"][1][0], "1 h 02 min");
        assert_eq!(data["real"], serde_json::Value::Null);
    }

    /// The one address of the page, which is the name of SVG and is never asked for anything.
    const NAMESPACE: &str = "http://www.w3.org/2000/svg";
}
