//! Activations that are computed again instead of remembered (Chen, Xu, Zhang and Guestrin, 2016;
//! `torch.utils.checkpoint`).

use std::rc::Rc;

use super::Module;
use crate::autograd::Var;

/// `layers` one after the other, of which only the input is remembered: when gradients are wanted, what lies between is
/// computed a second time. The same bits, for less memory and one more forward pass.
///
/// For layers that give the same each time: not for those that note what they have seen, such as batch normalisation
/// in training. Gradients of these gradients are not to be had.
pub(super) fn recomputed(layers: Vec<Rc<dyn Module>>, x: &Var) -> Var {
    let run = |layers: &[Rc<dyn Module>], x: &Var| layers.iter().fold(x.clone(), |x, layer| layer.forward(&x));
    let tape = x.tape();
    if !tape.is_remembering() {
        return run(&layers, x);
    }
    let value = tape.no_grad(|| run(&layers, x)).value().clone();
    let parameters = layers.iter().flat_map(|layer| layer.parameters());
    let inputs: Vec<Var> = [x.clone()].into_iter().chain(parameters.map(|(_, parameter)| parameter.var())).collect();
    let remembered = inputs.clone();
    Var::from_op("recomputed", value, &inputs.iter().collect::<Vec<_>>(), move |dy, needs| {
        let tape = dy.tape();
        assert!(!tape.is_remembering(), "what is recomputed has no gradients of gradients");
        // A leaf in the place of the input, so that the way back ends here.
        let mut wanted = remembered.clone();
        wanted[0] = tape.leaf(remembered[0].value().clone());
        let y = tape.enable_grad(|| run(&layers, &wanted[0]));
        let asked: Vec<_> =
            wanted.iter().zip(needs).filter(|(_, needed)| **needed).map(|(var, _)| var.clone()).collect();
        let mut found = y.pull_back(dy, &asked).into_iter();
        needs.iter().map(|needed| if *needed { found.next().flatten() } else { None }).collect()
    })
}
