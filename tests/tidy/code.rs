//! Enough of Rust's grammar to tell code from comments and strings, to find words, and to follow paths into a module.

/// The text with its comments blanked, lines staying where they are.
pub fn without_comments(text: &str) -> String {
    blank(text, false)
}

/// The text with its comments and what stands between quotes blanked, lines staying where they are.
pub fn without_comments_and_strings(text: &str) -> String {
    blank(text, true)
}

/// What is compiled into the library: code without comments, strings, and `#[cfg(test)]` modules.
pub fn shipped(text: &str) -> String {
    without_tests(&without_comments_and_strings(text))
}

/// Blanks every `#[cfg(test)] mod name { … }` that begins and ends at the left margin, as rustfmt leaves it.
pub fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(start) = rest.find("\n#[cfg(test)]\nmod ") {
        let module = &rest[start..];
        let body = module.find(['{', ';']).filter(|&i| module.as_bytes()[i] == b'{');
        let end = body.and_then(|i| module[i..].find("\n}").map(|j| i + j)).unwrap_or(1);
        kept.push_str(&rest[..start]);
        kept.extend(module[..end].chars().filter(|&c| c == '\n'));
        rest = &module[end..];
    }
    kept + rest
}

/// The words of a line: runs of letters, digits and underscores.
pub fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

/// The lines (from 0) of `code` on which one of `forbidden` stands, not as part of a longer word, with that one.
pub fn lines_with<'a>(code: &str, forbidden: &[&'a str]) -> Vec<(usize, &'a str)> {
    let found = |line: &str| forbidden.iter().find(|term| says(line, term)).copied();
    code.lines().enumerate().filter_map(|(number, line)| Some((number, found(line)?))).collect()
}

fn says(line: &str, term: &str) -> bool {
    line.match_indices(term).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + term.len()..]);
        let longer_left = term.starts_with(is_word) && before.ends_with(is_word);
        let longer_right = term.ends_with(is_word) && after.starts_with(is_word);
        !longer_left && !longer_right
    })
}

/// The names that directly follow `prefix` (such as `crate::`), `use` groups included, with their lines from 0.
pub fn names_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let start = at + prefix.len();
        let mut depth = 0;
        let mut at_start = true;
        for (offset, c) in code[start..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ if at_start && depth <= 1 && is_word(c) => {
                    let name = words(&code[start + offset..]).next().unwrap_or_default();
                    names.push((code[..start + offset].matches('\n').count(), name.to_owned()));
                }
                _ => {}
            }
            at_start = c == ',' || (c == '{' && depth == 1) || (at_start && c.is_whitespace());
            if depth == 0 && !c.is_whitespace() {
                break;
            }
        }
    }
    names
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn blank(text: &str, strings: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, hidden) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), true),
            '/' if rest.starts_with("/*") => (block_comment(rest), true),
            '"' => (quoted(rest, '"'), strings),
            'r' if !out.ends_with(is_word) && raw_string(rest).is_some() => (raw_string(rest).unwrap_or(1), strings),
            '\'' if is_char_literal(rest) => (quoted(rest, '\''), strings),
            _ => (first.len_utf8(), false),
        };
        let (token, after) = rest.split_at(length);
        if hidden {
            out.extend(token.chars().map(|c| if c == '\n' { c } else { ' ' }));
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out
}

/// The length of the comment that opens `text`, with those nested in it.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the literal that opens `text` and ends at the next `quote` that no backslash guards.
fn quoted(text: &str, quote: char) -> usize {
    let mut guarded = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if guarded => guarded = false,
            '\\' => guarded = true,
            c if c == quote => return i + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the raw string (`r"…"`, `r#"…"#`) that opens `text`, if one does.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|&c| c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(text.len(), |i| 2 + hashes + i + end.len()))
}

/// True for `'a'` and `'\n'`, false for the lifetime `'a`.
fn is_char_literal(text: &str) -> bool {
    let mut after = text.chars().skip(1);
    after.next() == Some('\\') || after.next() == Some('\'')
}

#[test]
fn comments_and_strings_are_told_from_code() {
    let text = "a /* b /* c */ d */ e // f\ng \"h // \\\" i\" j 'k' 'l m r#\"n \" o\"# p '\\'' q\n";
    assert_eq!(words(&without_comments_and_strings(text)).collect::<String>(), "aegjlmpq");
    assert_eq!(words(&without_comments(text)).collect::<String>(), "aeghijklmrnopq");
    assert_eq!(without_comments(text).lines().count(), 2);
    assert_eq!(words(&without_comments("x /*/ y */ z")).collect::<String>(), "xz");
}

#[test]
fn names_are_found_in_paths_and_groups() {
    let code = "use crate::{\n    gpu::{Buffer, shader},\n    tensor,\n};\nlet a = crate::ops::add(x, y); mycrate::z;";
    let found: Vec<_> = names_after(code, "crate::");
    assert_eq!(found, [(1, "gpu".into()), (2, "tensor".into()), (4, "ops".into())]);
}

#[test]
fn whole_words_and_macros_are_found() {
    let code = "reprint!(a);\nlet print = fs_2;\nprint!(fs)";
    assert_eq!(lines_with(code, &["print!", "fs"]), [(2, "print!")]);
    assert_eq!(lines_with(code, &["fs", "a"]), [(0, "a"), (2, "fs")]);
}

#[test]
fn test_modules_are_not_shipped() {
    let code =
        "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
    let kept = shipped(code);
    assert!(kept.contains("fn a") && !kept.contains("fn b") && kept.contains("fn c") && kept.contains("fn d"));
    assert_eq!(kept.lines().count(), code.lines().count());
}
