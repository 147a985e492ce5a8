//! Every kernel against its f64 twin, over the list of cases, on every family that the adapter can run.

use sumi::{ops, tensor::Tensor};

use crate::common::{
    cases::{self, Case},
    compare::assert_close,
    families,
};

#[test]
fn every_kernel_agrees_with_its_twin() {
    for gpu in families() {
        let tape = ops::tape(&gpu);
        for Case { kernel, label, inputs, run, twin, tolerance } in cases::all() {
            let vars: Vec<_> =
                inputs.iter().map(|i| tape.constant(Tensor::from_slice(&gpu, i.shape, &i.values))).collect();
            let outputs = run(&vars);
            let wide: Vec<Vec<f64>> =
                inputs.iter().map(|i| i.values.iter().copied().map(f64::from).collect()).collect();
            let wanted = twin(&wide);
            assert_eq!(outputs.len(), wanted.len(), "{kernel}: number of outputs");
            for (position, (output, want)) in outputs.iter().zip(&wanted).enumerate() {
                let what = format!("{kernel} {label}, output {position}, {:?}", gpu.family());
                let got = output.value().to_vec().unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_close(&what, &got, want, tolerance);
            }
        }
    }
}
