//! Tries what can be chosen and keeps what is faster.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::Problem;
use crate::gpu::{Asked, Choice, Entry, Error, Gpu, Options, Tuning};

/// How much time is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Seconds of each sample, for which a candidate runs as often as it takes.
    pub sample: f64,
    /// Samples of each candidate.
    pub samples: usize,
    /// Samples of the best one and of the rule's choice in turns, which decide.
    pub rounds: usize,
    /// Whether sums are cut into other numbers of parts than the rule's.
    pub parts: bool,
}

impl Effort {
    /// For results to be kept.
    pub const FULL: Self = Self { sample: 0.02, samples: 3, rounds: 8, parts: true };
    /// For a first impression.
    pub const QUICK: Self = Self { sample: 0.005, samples: 2, rounds: 4, parts: false };
}

/// What has to be faster by, so that a choice is taken in the place of the rule's: less may be chance.
const GAIN: f64 = 0.03;

/// A candidate that is slower than the best by this factor is not looked at any further.
const HOPELESS: f64 = 2.0;

/// A candidate that cannot be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    /// Which.
    pub choice: Choice,
    /// Why: a sentence.
    pub why: String,
}

/// What was found for one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kernel.
    pub kernel: &'static str,
    /// The shape, in the op's order.
    pub shape: Vec<u32>,
    /// The rule's choice, and its seconds; `None` where it failed.
    pub rule: (Choice, Option<f64>),
    /// What is taken, and its seconds.
    pub best: Option<(Choice, f64)>,
    /// Candidates that failed.
    pub dropped: Vec<Dropped>,
}

impl Finding {
    /// The part of the rule's time that the choice saves; 0 where the rule's choice is kept.
    pub fn gain(&self) -> f64 {
        match (&self.best, self.rule.1) {
            (Some((choice, seconds)), Some(rule)) if *choice != self.rule.0 => 1.0 - seconds / rule,
            _ => 0.0,
        }
    }
}

/// Whoever watches.
pub trait Listener {
    /// `done` of `all` questions are answered; the next one is about this kernel.
    fn begin(&mut self, done: usize, all: usize, kernel: &str);
    /// A question is answered.
    fn found(&mut self, finding: &Finding);
    /// Whether to stop here, with what is found so far.
    fn should_stop(&self) -> bool;
}

/// Measures the candidates of each question on a device of its own.
///
/// # Errors
/// When no device can be opened, or it fails at what is no candidate.
pub fn measure(
    options: &Options,
    asked: &[Asked],
    effort: Effort,
    tell: &mut dyn Listener,
) -> Result<Vec<Finding>, Error> {
    let options = Options { cache: None, ..options.clone() };
    let mut bench = Bench { gpu: Gpu::open(&options)?, options, effort };
    let mut findings = Vec::new();
    for (done, question) in asked.iter().enumerate() {
        if tell.should_stop() {
            break;
        }
        tell.begin(done, asked.len(), question.kernel);
        if let Some(finding) = bench.answer(question)? {
            tell.found(&finding);
            findings.push(finding);
        }
    }
    Ok(findings)
}

/// The choices of `before` with those of the findings in the place of theirs. Where the rule's choice is the best there
/// is nothing to be kept.
pub fn merged(before: &Tuning, findings: &[Finding]) -> Tuning {
    let again = |entry: &Entry| findings.iter().any(|f| f.kernel == entry.kernel && f.shape == entry.shape);
    let kept = before.entries().into_iter().filter(|entry| !again(entry));
    let found = findings.iter().filter(|finding| finding.gain() > 0.0 || finding.rule.1.is_none());
    let entry = |finding: &Finding| {
        let (choice, _) = finding.best.clone()?;
        Some(Entry { kernel: finding.kernel.to_owned(), shape: finding.shape.clone(), choice })
    };
    Tuning::new(kept.chain(found.filter_map(entry)))
}

struct Bench {
    options: Options,
    gpu: Gpu,
    effort: Effort,
}

impl Bench {
    /// `None` where the question is none that this module can compute.
    fn answer(&mut self, asked: &Asked) -> Result<Option<Finding>, Error> {
        let Some(mut problem) = Problem::new(&self.gpu, asked.kernel, &asked.shape) else { return Ok(None) };
        let wanted = problem.by_definition().to_vec()?;
        let rule = &asked.candidates[0];
        // The rule's parts come first of each tile.
        let mut tiles = HashSet::new();
        let tried = asked.candidates.iter().filter(|choice| tiles.insert(&choice.tile) || self.effort.parts);
        let tried: Vec<_> = tried.collect();
        let (times, dropped) = survey(&tried, |choice, best| {
            self.choose(asked, choice);
            match self.time(&problem, &wanted, best) {
                Ok(seconds) => Ok(Ok(seconds)),
                Err(Trouble::Wrong(why)) => Ok(Err(why)),
                Err(Trouble::Device(error)) => {
                    // A device that has failed is given up.
                    self.gpu = Gpu::open(&self.options)?;
                    problem = Problem::new(&self.gpu, asked.kernel, &asked.shape).expect("it was known before");
                    Ok(Err(error.to_string()))
                }
            }
        })?;
        let fastest = times.iter().min_by(|a, b| a.1.total_cmp(b.1));
        let fastest = fastest.map(|(choice, seconds)| ((*choice).clone(), *seconds));
        let mut finding = Finding {
            kernel: asked.kernel,
            shape: asked.shape.clone(),
            rule: (rule.clone(), times.get(rule).copied()),
            best: fastest,
            dropped,
        };
        self.decide(asked, &problem, &mut finding)?;
        Ok(Some(finding))
    }

    /// The fastest against the rule's choice, in turns, so that whatever else the machine does meets both. It stays
    /// only where its median is clearly the smaller.
    fn decide(&self, asked: &Asked, problem: &Problem, finding: &mut Finding) -> Result<(), Error> {
        let (Some((fastest, _)), (rule, Some(_))) = (&finding.best, &finding.rule) else { return Ok(()) };
        let (fastest, rule) = (fastest.clone(), rule.clone());
        if fastest == rule {
            return Ok(());
        }
        let mut samples: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        for _ in 0..self.effort.rounds {
            for (choice, samples) in [&rule, &fastest].into_iter().zip(&mut samples) {
                self.choose(asked, choice);
                samples.push(self.sample(problem, self.runs(problem)?)?);
            }
        }
        let clear = clearly_faster(&samples);
        let [by_rule, measured] = samples.map(median);
        finding.rule.1 = Some(by_rule);
        finding.best = Some(if clear { (fastest, measured) } else { (rule, by_rule) });
        Ok(())
    }

    fn choose(&self, asked: &Asked, choice: &Choice) {
        let (kernel, shape) = (asked.kernel.to_owned(), asked.shape.clone());
        self.gpu.tuning().set(Entry { kernel, shape, choice: choice.clone() });
    }

    /// Seconds of the choice that is set, once its result is known to be right.
    fn time(&self, problem: &Problem, wanted: &[f32], best: f64) -> Result<f64, Trouble> {
        let got = problem.run().to_vec()?;
        agree(&got, wanted, problem.tolerance()).map_err(Trouble::Wrong)?;
        let first = self.sample(problem, 1)?;
        if first > HOPELESS * best {
            return Ok(first);
        }
        let runs = self.runs(problem)?;
        let samples = (0..self.effort.samples).map(|_| self.sample(problem, runs));
        let samples = samples.collect::<Result<Vec<f64>, _>>()?;
        Ok(samples.into_iter().fold(f64::INFINITY, f64::min))
    }

    /// Launches that take as long as a sample is to take.
    fn runs(&self, problem: &Problem) -> Result<usize, Error> {
        let once = self.sample(problem, 1)?;
        Ok(((self.effort.sample / once).ceil() as usize).clamp(1, 1000))
    }

    /// Seconds of one of so many runs.
    fn sample(&self, problem: &Problem, runs: usize) -> Result<f64, Error> {
        self.gpu.finish()?;
        let begun = Instant::now();
        for _ in 0..runs {
            drop(problem.run());
        }
        self.gpu.finish()?;
        Ok(begun.elapsed().as_secs_f64() / runs as f64)
    }
}

/// Tries candidates, each with the least seconds so far: the seconds of those that work, and why the others do not.
fn survey<'a>(
    candidates: &[&'a Choice],
    mut attempt: impl FnMut(&Choice, f64) -> Result<Result<f64, String>, Error>,
) -> Result<(HashMap<&'a Choice, f64>, Vec<Dropped>), Error> {
    let (mut times, mut dropped, mut best) = (HashMap::new(), Vec::new(), f64::INFINITY);
    for choice in candidates {
        match attempt(choice, best)? {
            Ok(seconds) => {
                best = best.min(seconds);
                times.insert(*choice, seconds);
            }
            Err(why) => dropped.push(Dropped { choice: (*choice).clone(), why }),
        }
    }
    Ok((times, dropped))
}

/// Why a candidate has no time.
enum Trouble {
    Wrong(String),
    Device(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Device(error)
    }
}

/// Holds a result against the one by definition.
fn agree(got: &[f32], wanted: &[f32], tolerance: f32) -> Result<(), String> {
    let off = |(place, (got, wanted)): (usize, (&f32, &f32))| {
        // Written so that a NaN is off.
        let close = (got - wanted).abs() <= tolerance;
        (!close).then(|| format!("its result is wrong: element {place} is {got} and should be {wanted}"))
    };
    match got.iter().zip(wanted).enumerate().find_map(off) {
        None if got.len() == wanted.len() => Ok(()),
        None => Err(format!("its result is wrong: {} elements and not {}", got.len(), wanted.len())),
        Some(wrong) => Err(wrong),
    }
}

/// Whether the second kind of samples, taken in turns with the first, shows a gain that is no chance: in the medians,
/// and in at least three of four pairs.
fn clearly_faster([before, after]: &[Vec<f64>; 2]) -> bool {
    let faster = |before: f64, after: f64| after < (1.0 - GAIN) * before;
    let pairs = before.iter().zip(after).filter(|(before, after)| faster(**before, **after)).count();
    faster(median(before.clone()), median(after.clone())) && 4 * pairs >= 3 * before.len()
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_is_off_anywhere_is_told() {
        assert_eq!(agree(&[1.0, 2.0], &[1.0, 2.000_01], 1e-4), Ok(()));
        for wrong in [[1.0, 2.1], [f32::NAN, 2.0], [1.0, f32::INFINITY]] {
            assert!(agree(&wrong, &[1.0, 2.0], 1e-4).expect_err("it is off").contains("should be"));
        }
        assert!(agree(&[1.0], &[1.0, 2.0], 1e-4).expect_err("one is missing").contains("elements"));
    }

    #[test]
    fn a_candidate_that_fails_is_dropped_with_its_reason_and_the_others_are_tried() {
        let choices = [1, 2, 3, 4].map(|rows| Choice { tile: vec![rows], parts: 1 });
        let mut bests = Vec::new();
        let (times, dropped) = survey(&choices.each_ref(), |choice, best| {
            bests.push(best);
            Ok(match choice.tile[0] {
                2 => Err("it does not compile".to_owned()),
                rows => Ok(f64::from(10 - rows)),
            })
        })
        .expect("the device is whole");
        assert_eq!(dropped, [Dropped { choice: choices[1].clone(), why: "it does not compile".to_owned() }]);
        assert_eq!([0, 2, 3].map(|place| times[&choices[place]]), [9.0, 7.0, 6.0]);
        assert_eq!(bests, [f64::INFINITY, 9.0, 9.0, 7.0]);
        let gone = survey(&choices.each_ref(), |_, _| Err(Error::NoAdapter));
        assert!(matches!(gone, Err(Error::NoAdapter)), "no device, no survey");
    }

    #[test]
    fn findings_replace_what_was_found_before_and_leave_the_rest() {
        let choice = |rows: u32| Choice { tile: vec![rows], parts: 1 };
        let entry = |shape: u32, rows| Entry { kernel: "product".into(), shape: vec![shape], choice: choice(rows) };
        let finding = |shape: u32, rule: Option<f64>, best| {
            let rule = (choice(8), rule);
            Finding { kernel: "product", shape: vec![shape], rule, best: Some(best), dropped: Vec::new() }
        };
        let before = Tuning::new([entry(1, 4), entry(2, 4), entry(3, 4)]);
        let after = merged(
            &before,
            &[
                finding(2, Some(1.0), (choice(8), 1.0)),
                finding(3, Some(1.0), (choice(2), 0.5)),
                finding(4, None, (choice(1), 3.0)),
            ],
        );
        assert_eq!(after.entries(), [entry(1, 4), entry(3, 2), entry(4, 1)]);
    }

    #[test]
    fn a_gain_has_to_show_in_the_medians_and_in_most_pairs() {
        let steady = vec![10.0, 10.1, 9.9, 10.0, 10.2];
        assert!(clearly_faster(&[steady.clone(), vec![9.0, 9.1, 9.0, 9.2, 20.0]]));
        assert!(!clearly_faster(&[steady.clone(), vec![9.9, 9.8, 9.9, 9.9, 9.8]]), "less than 3 %");
        assert!(!clearly_faster(&[steady, vec![9.0, 11.0, 9.0, 11.0, 9.0]]), "now this, now that");
    }

    #[test]
    fn medians_are_of_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 100.0]), 3.0);
    }
}
