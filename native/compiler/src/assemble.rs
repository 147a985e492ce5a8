//! `#import name`: the only thing in our shaders that is not WGSL.
//!
//! Such a line is replaced by the text of `shaders/common/name.wgsl`, which may import in its turn. A file asked for
//! twice is inserted once, at the first place. `enable` lines, which WGSL wants before everything else, come first,
//! wherever they were written. Every line remembers the file and line it was written in, so that an
//! error in an import is reported there and not at some line of a text that nobody has seen.

use super::{Place, ShaderError, Source};

/// A shader with its imports inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// Plain WGSL.
    pub text: String,
    lines: Vec<Line>,
}

/// Where a line of the assembled text was written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    path: String,
    number: u32,
}

impl Assembled {
    /// The place in the files for `line` and `column` of the assembled text, both counted from 1.
    pub fn place(&self, line: u32, column: u32) -> Place {
        let index = (line as usize).saturating_sub(1).min(self.lines.len().saturating_sub(1));
        match self.lines.get(index) {
            Some(origin) => Place { path: origin.path.clone(), line: origin.number, column },
            None => Place { path: String::new(), line, column },
        }
    }
}

/// Inserts the imports of the shader `text`, known as `path` in messages, from the `common/` files of `library`.
///
/// # Errors
/// An `#import` that names no file, that names more or less than one, or that leads back to a file being inserted.
pub fn assemble(path: &str, text: &str, library: &[Source]) -> Result<Assembled, ShaderError> {
    let mut assembler = Assembler { library, open: vec![path.to_string()], done: Vec::new(), lines: Vec::new() };
    assembler.insert(path, text)?;
    Ok(assembler.finish())
}

struct Assembler<'a> {
    library: &'a [Source],
    /// The files being inserted, outermost first: importing one of them again would never end.
    open: Vec<String>,
    /// The files inserted completely.
    done: Vec<&'a str>,
    lines: Vec<(String, Line)>,
}

impl<'a> Assembler<'a> {
    /// The lines, those that enable an extension first.
    fn finish(self) -> Assembled {
        let enables = |(text, _): &(String, Line)| text.trim_start().starts_with("enable ");
        let (first, rest): (Vec<_>, Vec<_>) = self.lines.into_iter().partition(enables);
        let mut assembled = Assembled { text: String::new(), lines: Vec::new() };
        for (text, origin) in first.into_iter().chain(rest) {
            assembled.text.push_str(&text);
            assembled.text.push('\n');
            assembled.lines.push(origin);
        }
        assembled
    }

    fn insert(&mut self, path: &str, text: &str) -> Result<(), ShaderError> {
        for (index, line) in text.lines().enumerate() {
            let origin = Line { path: path.to_string(), number: index as u32 + 1 };
            match line.trim_start().strip_prefix("#import") {
                Some(rest) => self.import(rest, line, origin)?,
                None => self.push(line, origin),
            }
        }
        Ok(())
    }

    fn push(&mut self, line: &str, origin: Line) {
        self.lines.push((line.to_string(), origin));
    }

    fn import(&mut self, rest: &str, line: &str, origin: Line) -> Result<(), ShaderError> {
        let column = (line.len() - line.trim_start().len()) as u32 + 1;
        let fail = |message: String| {
            let place = Place { path: origin.path.clone(), line: origin.number, column };
            Err(ShaderError::At { place, message })
        };
        let mut words = rest.split_whitespace();
        let (Some(name), None) = (words.next(), words.next()) else {
            return fail("an import reads `#import name`, with one name and nothing behind it".to_string());
        };
        let Some(source) = self.library.iter().find(|source| source.is_common() && source.name == name) else {
            return fail(format!("cannot import `{name}`: there is no shaders/common/{name}.wgsl"));
        };
        if self.done.contains(&source.path) {
            return Ok(());
        }
        if self.open.iter().any(|open| open == source.path) {
            let circle = self.open.join(" imports ");
            return fail(format!("imports go round in a circle: {circle} imports {}", source.path));
        }
        self.open.push(source.path.to_string());
        self.insert(source.path, source.text)?;
        self.open.pop();
        self.done.push(source.path);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &[Source] = &[
        Source { name: "one", path: "common/one.wgsl", text: "#import two\nconst ONE = TWO - 1;\n" },
        Source { name: "two", path: "common/two.wgsl", text: "const TWO = 2;\n" },
        Source { name: "round", path: "common/round.wgsl", text: "\n#import about\n" },
        Source { name: "about", path: "common/about.wgsl", text: "#import round\n" },
        Source { name: "kernel", path: "conv/kernel.wgsl", text: "" },
    ];

    #[test]
    fn imports_are_inserted_once_and_in_depth() {
        let text = "// head\n#import one\n  #import two\nfn main() {}";
        let assembled = assemble("conv/a.wgsl", text, LIBRARY).unwrap();
        assert_eq!(assembled.text, "// head\nconst TWO = 2;\nconst ONE = TWO - 1;\nfn main() {}\n");
    }

    #[test]
    fn every_line_knows_its_file() {
        let assembled = assemble("conv/a.wgsl", "// head\n#import one\n#import two\nfn main() {}", LIBRARY).unwrap();
        let places: Vec<String> = (1..=4).map(|line| assembled.place(line, 7).to_string()).collect();
        assert_eq!(places, ["conv/a.wgsl:1:7", "common/two.wgsl:1:7", "common/one.wgsl:2:7", "conv/a.wgsl:4:7"]);
    }

    #[test]
    fn extensions_are_enabled_first() {
        let text = "// head\n#import one\nenable f16;\nfn main() {}\n  enable other;";
        let assembled = assemble("conv/a.wgsl", text, LIBRARY).unwrap();
        assert_eq!(
            assembled.text,
            "enable f16;\n  enable other;\n// head\nconst TWO = 2;\nconst ONE = TWO - 1;\nfn main() {}\n"
        );
        assert_eq!(assembled.place(1, 1).to_string(), "conv/a.wgsl:3:1");
        assert_eq!(assembled.place(6, 1).to_string(), "conv/a.wgsl:4:1");
    }

    #[test]
    fn wrong_imports_are_told_with_file_and_line() {
        let message = |text| assemble("conv/a.wgsl", text, LIBRARY).unwrap_err().to_string();
        assert_eq!(
            message("\n\n  #import three"),
            "conv/a.wgsl:3:3: cannot import `three`: there is no shaders/common/three.wgsl"
        );
        assert!(message("#import kernel").contains("there is no shaders/common/kernel.wgsl"));
        assert!(message("#import one two").starts_with("conv/a.wgsl:1:1: an import reads `#import name`"));
        assert_eq!(
            message("#import round"),
            "common/about.wgsl:1:1: imports go round in a circle: conv/a.wgsl imports common/round.wgsl imports \
             common/about.wgsl imports common/round.wgsl"
        );
    }
}
