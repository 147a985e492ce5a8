//! A kernel's WGSL and the native Rust made of it, side by side.
//!
//! The page follows the Rust from top to bottom. Left of each line stands the line of the shader that it comes from,
//! imports included, and between them what became of an access to memory. A line of the shader that is computed in
//! several places, because a loop was written out or a function is called twice, is shown at each of them.

use std::collections::{BTreeMap, HashMap};

use crate::{
    Compiled, Place, ShaderError, compile_native, kernels,
    translate::{Line, Translation, Way, translate},
    variants::variants,
};

/// Kernel `name` translated for vectors of `lanes`, in the first of its variants for them. `set` gives other values to
/// some of its `override` constants.
///
/// # Errors
/// A sentence: when there is no such kernel, then with names that are near; when something is wrong with it.
pub fn native(name: &str, lanes: u32, set: &[(String, u32)]) -> Result<(Compiled, Translation), String> {
    let source = crate::kernel(name).ok_or_else(|| unknown(name))?;
    let first = variants(source, lanes).map_err(|e| e.to_string())?.into_iter().next();
    let mut overrides = first.unwrap_or_default();
    overrides.extend(set.iter().cloned());
    let values: Vec<(&str, f64)> = overrides.iter().map(|(name, value)| (name.as_str(), f64::from(*value))).collect();
    let compiled = compile_native(name, &values).map_err(|e| e.to_string())?;
    let translation = translate(&compiled, lanes).map_err(|e| e.to_string())?;
    Ok((compiled, translation))
}

/// That no kernel is called `name`, and which are called nearly so.
fn unknown(name: &str) -> String {
    let mut near: Vec<(usize, &str)> = kernels().map(|kernel| (distance(name, kernel.name), kernel.name)).collect();
    near.sort_unstable();
    near.retain(|(distance, kernel)| *distance <= name.len() / 3 + 1 || (name.len() > 2 && kernel.contains(name)));
    let near: Vec<&str> = near.into_iter().take(5).map(|(_, name)| name).collect();
    let sentence = ShaderError::Unknown(name.to_string());
    if near.is_empty() { sentence.to_string() } else { format!("{sentence}\nDid you mean {}?", near.join(", ")) }
}

/// How many letters must be put in, taken out or changed to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.chars().count()]
}

/// The page, in lines of at most `width` characters where that is 80 or more, and behind it [`summary`].
pub fn side_by_side(kernel: &Compiled, translation: &Translation, width: usize) -> String {
    let rows = rows(kernel, translation);
    let widest = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (label, way) = (widest(|row| &row.label), widest(|row| &row.way));
    let room = width.max(80).saturating_sub(label + way + 8);
    let left = widest(|row| &row.wgsl).min(room / 2);
    let right = room - left;
    let mut page = String::new();
    for row in &rows {
        let (wgsl, rust) = (wrapped(&row.wgsl, left), wrapped(&row.rust, right));
        for i in 0..wgsl.len().max(rust.len()) {
            let cell = |cells: &[String]| cells.get(i).cloned().unwrap_or_default();
            let first = |cell: &str| if i == 0 { cell.to_string() } else { String::new() };
            let (place, access, wgsl, rust) = (first(&row.label), first(&row.way), cell(&wgsl), cell(&rust));
            let line = format!("{place:label$}  {wgsl:left$} | {access:way$} | {rust}");
            page.push_str(line.trim_end());
            page.push('\n');
        }
    }
    page + "\n" + &summary(translation)
}

/// How often each variable of the shader is accessed in each way, in the text of the translation.
pub fn summary(translation: &Translation) -> String {
    let mut counts: BTreeMap<(&str, Way), usize> = BTreeMap::new();
    for touch in translation.touches() {
        *counts.entry((touch.label.as_str(), touch.way)).or_default() += 1;
    }
    let label = counts.keys().map(|(label, _)| label.chars().count()).max().unwrap_or(0).max("variable".len());
    let mut table = format!("{:label$}  {:20}  places\n", "variable", "access");
    for ((variable, way), count) in counts {
        table.push_str(&format!("{variable:label$}  {way:20}  {count:6}\n"));
    }
    table
}

/// A row of the page.
#[derive(Default)]
struct Row {
    /// File and line of the shader.
    label: String,
    wgsl: String,
    /// What became of an access to memory.
    way: String,
    rust: String,
}

fn rows(kernel: &Compiled, translation: &Translation) -> Vec<Row> {
    let mut shader = Shader::new(kernel);
    let mut rows = Vec::new();
    let mut last: Option<(&str, u32)> = None;
    let own = |line: &&Line| line.origin.as_ref().is_some_and(|place| place.path == kernel.path);
    if let Some(Line { origin: Some(place), .. }) = translation.lines.iter().find(own) {
        rows.extend(shader.up_to(&kernel.path, place.line));
    }
    for line in &translation.lines {
        let mut row = Row { rust: format!("{}{}", "    ".repeat(line.indent), line.text), ..Row::default() };
        row.way = line.touch.as_ref().map(|touch| format!("{}: {}", touch.label, touch.way)).unwrap_or_default();
        if let Line { origin: Some(Place { path, line, .. }), .. } = line
            && last != Some((path, *line))
        {
            rows.extend(shader.up_to(path, *line));
            (row.label, row.wgsl) = shader.line(path, *line);
            last = Some((path, *line));
        }
        rows.push(row);
    }
    rows.extend(shader.up_to(&kernel.path, u32::MAX));
    rows
}

/// The lines of a kernel and its imports.
struct Shader<'a> {
    files: HashMap<String, BTreeMap<u32, &'a str>>,
    /// Up to which line each file was shown.
    shown: HashMap<String, u32>,
}

impl<'a> Shader<'a> {
    fn new(kernel: &'a Compiled) -> Self {
        let mut files: HashMap<String, BTreeMap<u32, &'a str>> = HashMap::new();
        for (number, text) in kernel.assembled.text.lines().enumerate() {
            let place = kernel.assembled.place(number as u32 + 1, 1);
            files.entry(place.path).or_default().insert(place.line, text);
        }
        Self { files, shown: HashMap::new() }
    }

    /// File and number of a line, and its text.
    fn line(&self, path: &str, line: u32) -> (String, String) {
        let text = self.files.get(path).and_then(|lines| lines.get(&line)).copied().unwrap_or_default();
        (format!("{}:{line}", path.rsplit('/').next().unwrap_or(path)), text.to_string())
    }

    /// The lines before `line` that were not shown yet, of which nothing is computed.
    fn up_to(&mut self, path: &str, line: u32) -> Vec<Row> {
        let shown = self.shown.get(path).copied().unwrap_or(0);
        self.shown.insert(path.to_string(), shown.max(line));
        let between = self.files.get(path).into_iter().flatten().map(|(number, _)| *number);
        let rows = between.filter(|number| (shown + 1..line).contains(number)).map(|number| {
            let (label, wgsl) = self.line(path, number);
            Row { label, wgsl, ..Row::default() }
        });
        rows.collect()
    }
}

/// A line in pieces of at most `width` characters, the later ones indented somewhat more.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let deeper = " ".repeat((indent + 4).min(width / 2));
    let mut pieces = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let last = pieces.last_mut().expect("there is one");
            let (used, blank) = (last.chars().count(), last.trim().is_empty());
            if used + word.len() <= width || (used + word.len() == width + 1 && word.last() == Some(&' ')) {
                last.extend(&word);
                break;
            }
            if blank && used < width {
                // A word that is longer than a line.
                last.extend(word.drain(..(width - used).min(word.len())));
            }
            pieces.push(deeper.clone());
        }
    }
    pieces.into_iter().map(|piece| piece.trim_end().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(name: &str, lanes: u32) -> Vec<(String, Way)> {
        let (_, translation) = native(name, lanes, &[]).unwrap();
        translation.touches().map(|touch| (touch.label.clone(), touch.way)).collect()
    }

    fn count(ways: &[(String, Way)], label: &str, way: Way) -> usize {
        ways.iter().filter(|touch| (touch.0.as_str(), touch.1) == (label, way)).count()
    }

    #[test]
    fn panels_are_loaded_as_vectors_and_the_other_factor_is_broadcast() {
        for lanes in [8, 16] {
            for (kernel, broadcast, panel) in [
                ("matmul_panels", "a", "b"),
                ("conv2d_panels", "x", "w"),
                ("conv2d_backward_input_panels", "dy", "w"),
                ("conv2d_backward_weight_panels", "x", "dy"),
            ] {
                let ways = ways(kernel, lanes);
                let (rows, columns) = (count(&ways, broadcast, Way::Broadcast), count(&ways, panel, Way::VectorLoad));
                assert!(rows > 0 && columns > 0, "{kernel} with {lanes} lanes: {ways:?}");
                let others = ways.iter().any(|(label, way)| {
                    (label == broadcast && *way != Way::Broadcast)
                        || (label == panel && *way != Way::VectorLoad)
                        || matches!(way, Way::Gather | Way::Scatter)
                });
                assert!(!others, "{kernel} with {lanes} lanes: {ways:?}");
            }
        }
    }

    #[test]
    fn elementwise_kernels_touch_neighbours() {
        for source in kernels().filter(|source| source.path.starts_with("elementwise/")) {
            let far = ways(source.name, 16).into_iter().find(|(_, way)| matches!(way, Way::Gather | Way::Scatter));
            // Bytes are unpacked from words that lie as the picture has them.
            assert!(far.is_none() || source.name == "unpack_bytes", "{}: {far:?}", source.name);
        }
    }

    #[test]
    fn the_page_has_every_line_of_both_and_fits() {
        let (kernel, translation) = native("add", 8, &[]).unwrap();
        let page = side_by_side(&kernel, &translation, 160);
        assert!(page.lines().all(|line| line.chars().count() <= 160), "{page}");
        let has = |words: &[&str]| page.lines().any(|line| words.iter().all(|word| line.contains(word)));
        let name = crate::kernel("add").unwrap();
        for (i, _) in name.text.lines().enumerate().filter(|(_, line)| !line.starts_with("#import")) {
            assert!(has(&[&format!("add.wgsl:{} ", i + 1)]) || has(&[&format!("add.wgsl:{}", i + 1)]), "{}", i + 1);
        }
        assert!(has(&["x: four vector loads", "load4_"]), "{page}");
        assert!(has(&["linear_index.wgsl:"]), "{page}");
        let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let right: String = page.lines().filter_map(|line| line.rsplit_once(" | ")).map(|(_, rust)| rust).collect();
        for line in &translation.lines {
            assert!(squeezed(&right).contains(&squeezed(&line.text)), "{}\n{page}", line.text);
        }
        assert!(page.ends_with(&summary(&translation)));
    }

    #[test]
    fn long_lines_are_wrapped_and_not_cut() {
        assert_eq!(
            wrapped("  let a = first(second, third);", 16),
            ["  let a =", "      first(seco", "      nd,", "      third);"]
        );
        assert_eq!(wrapped("short", 16), ["short"]);
        assert_eq!(wrapped("", 16), [""]);
    }

    #[test]
    fn a_kernel_that_does_not_exist_is_told_with_near_names() {
        let error = native("matmul_panel", 8, &[]).unwrap_err();
        assert!(error.contains("`matmul_panel`") && error.contains("Did you mean matmul_panels"), "{error}");
        assert!(!native("xyzzyx_nothing_like_it", 8, &[]).unwrap_err().contains("Did you mean"));
        let error = native("add", 8, &[("WIDHT".into(), 8)]).unwrap_err();
        assert!(error.contains("add.wgsl") && error.contains("WIDHT"), "{error}");
        assert_eq!(
            (distance("abc", "abc"), distance("abc", "abd"), distance("", "ab"), distance("kitten", "sitting")),
            (0, 1, 2, 3)
        );
    }
}
