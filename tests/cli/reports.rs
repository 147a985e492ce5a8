//! What a run tells people while it goes on.

use std::fs;

use super::{Place, translation::RECIPES};

/// The data of a run's page, as its script reads them.
fn page(place: &Place, run: &str) -> serde_json::Value {
    let text = place.text(&format!("{run}/report.html"));
    let (_, rest) = text.split_once(r#"type="application/json">"#).expect("the data begins");
    serde_json::from_str(rest.split_once("</script>").expect("and ends").0).expect("it is JSON")
}

#[test]
fn a_report_shows_the_whole_run_and_a_resume_goes_on_with_it() {
    let place = Place::new();
    let often = ["--steps", "4", "--log-every", "1", "--sample-every", "2"];
    let told = place.train_tiny("run", &often).succeeded();
    assert!(told.out.contains("Report: run/report.html"), "{}", told.out);
    let before = page(&place, "run");
    assert_eq!((&before["step"], &before["length"], &before["state"]), (&4.into(), &4.into(), &"finished".into()));
    place.train(&["--resume", "run", "--steps", "6"]).succeeded();
    let after = page(&place, "run");
    let sheets: Vec<_> = after["sheets"].as_array().expect("a list").iter().map(|sheet| sheet[0].as_u64()).collect();
    assert_eq!(sheets, [Some(0), Some(2), Some(4), Some(6)]);
    let address = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.starts_with("data:image/"));
    assert!(address(&after["sheets"][3][1]) && address(&after["real"]));
    let curve = &after["charts"][0]["curves"][0];
    assert_eq!((&curve["name"], curve["x"].as_array().map(Vec::len)), (&"d_loss".into(), Some(6)));
    let speed = after["charts"].as_array().expect("a list").iter().find(|chart| chart["title"] == "Images a second");
    let points = speed.and_then(|chart| chart["curves"][0]["x"].as_array()).map_or(0, Vec::len);
    assert!(points >= 2, "one from before the resume, one from after it");
    assert_eq!(after["sessions"].as_array().map(Vec::len), Some(2));
    let words = after["sessions"][0].to_string();
    for word in ["adapter", "command", "--resume run", "after step", "system"] {
        assert!(words.contains(word), "'{word}' is not in {words}");
    }
    assert!(after["config"].as_str().is_some_and(|config| config.contains("ngf = 4")));
    let events = || fs::read_dir(place.path("run/tensorboard")).expect("it is there").count();
    assert_eq!(events(), 2, "a resume begins a file of its own");
    place.train(&["--resume", "run", "--steps", "7", "--tensorboard=false"]).succeeded();
    assert_eq!(events(), 2);
}

#[test]
fn every_recipe_has_a_report() {
    let place = Place::new();
    for recipe in RECIPES {
        recipe.train(&place, &format!("--portraits 6 --out {} --steps 2 --log-every 1", recipe.name)).succeeded();
        let page = page(&place, recipe.name);
        let curves = page["charts"][0]["curves"].as_array().expect("a list");
        assert!(curves.len() > 4 && curves.iter().all(|curve| curve["x"].as_array().is_some_and(|x| x.len() == 2)));
    }
}

#[test]
fn without_a_terminal_there_are_lines_and_no_bars() {
    let place = Place::new();
    let told = place.train_tiny("run", &["--steps", "3"]).succeeded();
    assert!(told.out.contains("Steps 1 to 3\n") && told.out.contains("\nstep 3/3  "), "{}", told.out);
    assert!(!(told.out + &told.err).contains(['\r', '\u{1b}', '█']));
}

#[test]
fn every_launch_is_looked_at_where_that_is_asked_for() {
    let place = Place::new();
    place.train_tiny("plain", &["--steps", "2"]).succeeded();
    place.train_tiny("looked", &["--steps", "2", "--find-nan"]).succeeded();
    let [plain, looked] = ["plain", "looked"].map(|run| place.read(&format!("{run}/checkpoint.safetensors")));
    assert_eq!(plain, looked, "looking changes nothing");
}
