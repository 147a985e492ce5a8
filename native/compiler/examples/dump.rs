fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let lanes: u32 = args[0].parse().unwrap();
    let names: Vec<String> = if args.len() > 1 {
        args[1..].to_vec()
    } else {
        sumi_compiler::kernels().map(|k| k.name.to_string()).collect()
    };
    for name in &names {
        let mut o: Vec<(&str, f64)> = vec![];
        if name.ends_with("_lanes") {
            o.push(("LANES", lanes as f64));
        }
        let compiled = sumi_compiler::compile(name, &o).unwrap();
        let t = std::time::Instant::now();
        match sumi_compiler::translate::translate(&compiled, lanes) {
            Ok(t2) => {
                if args.len() > 1 {
                    for l in &t2.lines {
                        println!("{}{}", "    ".repeat(l.indent), l.text);
                    }
                    let mut m = std::collections::BTreeMap::new();
                    for x in &t2.touches {
                        *m.entry((x.label.clone(), x.way)).or_insert(0) += 1;
                    }
                    eprintln!("{m:?}");
                } else {
                    eprintln!("{name}: {} lines {:?}", t2.lines.len(), t.elapsed());
                }
            }
            Err(e) => eprintln!("FAIL {name}: {e}"),
        }
    }
}
