//! Operations between lanes.

use naga::{CollectiveOperation as Collective, GatherMode, SubgroupOperation as Operation};

use super::{
    Translator, arithmetic,
    frame::Context,
    term::{Form, Kind, Term, Value},
};
use naga::BinaryOperator as Binary;

impl<'a> Translator<'a> {
    /// A number fetched from another lane.
    pub fn gather(&mut self, mode: &GatherMode, argument: &Value, context: &Context) -> Result<Value, String> {
        let lane = match mode {
            GatherMode::BroadcastFirst => {
                let mask = mask(context);
                Term::uniform(Kind::U32, self.text.bind(&format!("first_lane({mask})")))
            }
            GatherMode::Broadcast(lane) | GatherMode::Shuffle(lane) => self.number(*lane)?,
            GatherMode::ShuffleDown(by) => self.lane_apart(Binary::Add, *by)?,
            GatherMode::ShuffleUp(by) => self.lane_apart(Binary::Subtract, *by)?,
            GatherMode::ShuffleXor(by) => self.lane_apart(Binary::ExclusiveOr, *by)?,
            other => return Err(format!("{other:?} is not covered: kernels know no quads")),
        };
        let text = &mut self.text;
        Ok(argument.map(&mut |term| {
            let (kind, suffix) = (term.kind, term.kind.suffix());
            if term.is_uniform() {
                return term.clone();
            }
            let Some(index) = lane.scalar() else {
                let call = format!("shuffle_{suffix}({}, {})", term.vector(), lane.vector());
                return Term::varying(kind, text.bind(&call));
            };
            // One lane of numbers that count the lanes, or that lie in memory, is had without the others.
            let expression = match (&term.form, &term.row) {
                (Form::Linear { base, stride }, _) => {
                    format!("{base}.wrapping_add({index}.wrapping_mul({stride}u32))")
                }
                (_, Some(row)) => {
                    let word = format!("get({}, {}.wrapping_add({index}))", row.memory, row.start);
                    if kind.is_float() { format!("f32::from_bits({word})") } else { word }
                }
                _ => format!("lane_{suffix}({}, {index})", term.vector()),
            };
            arithmetic::named(text, kind, &expression)
        }))
    }

    /// For each lane the one so far from it.
    fn lane_apart(&mut self, op: Binary, by: naga::Handle<naga::Expression>) -> Result<Term, String> {
        let by = self.number(by)?;
        arithmetic::binary(&mut self.text, op, &Term::lane(), &by)
    }

    /// A number computed from those of all active lanes.
    pub fn collective(
        &mut self,
        op: Operation,
        collective: Collective,
        argument: &Value,
        context: &Context,
    ) -> Result<Value, String> {
        let mask = mask(context);
        let word = match op {
            Operation::All | Operation::Any => return self.vote(op, argument, &mask),
            Operation::Add => "sum",
            Operation::Mul => "product",
            Operation::Min => "min_over",
            Operation::Max => "max_over",
            Operation::And => "and_over",
            Operation::Or => "or_over",
            Operation::Xor => "xor_over",
        };
        let text = &mut self.text;
        Ok(argument.map(&mut |term| {
            let signed = matches!(op, Operation::Min | Operation::Max);
            let suffix = if signed { term.kind.signed_suffix() } else { term.kind.suffix() };
            let (call, vector) = (format!("{word}_{suffix}"), term.vector());
            match collective {
                Collective::Reduce => arithmetic::named(text, term.kind, &format!("{call}({vector}, {mask})")),
                Collective::InclusiveScan => {
                    Term::varying(term.kind, text.bind(&format!("inclusive_{call}({vector}, {mask})")))
                }
                Collective::ExclusiveScan => {
                    Term::varying(term.kind, text.bind(&format!("exclusive_{call}({vector}, {mask})")))
                }
            }
        }))
    }

    fn vote(&mut self, op: Operation, argument: &Value, mask: &str) -> Result<Value, String> {
        let Value::Number(term) = argument else { return Err("a vote on a vector".into()) };
        let vector = term.vector();
        let expression = match op {
            Operation::All => format!("none_m(andnot_m({mask}, {vector}))"),
            _ => format!("any_m(and_m({mask}, {vector}))"),
        };
        Ok(Value::Number(arithmetic::named(&mut self.text, Kind::Bool, &expression)))
    }

    /// One bit for each active lane for which `predicate` holds, as a vec4 of words.
    pub fn ballot(&mut self, predicate: &Value, context: &Context) -> Result<Value, String> {
        let Value::Number(term) = predicate else { return Err("a ballot on a vector".into()) };
        let call = format!("ballot(and_m({}, {}))", mask(context), term.vector());
        let bits = arithmetic::named(&mut self.text, Kind::U32, &call);
        let none = Value::Number(Term::known(Kind::U32, 0));
        Ok(Value::Many(vec![Value::Number(bits), none.clone(), none.clone(), none]))
    }
}

/// The mask of the lanes that take part, as an expression.
fn mask(context: &Context) -> String {
    context.mask.clone().unwrap_or_else(|| "splat_m(true)".into())
}
