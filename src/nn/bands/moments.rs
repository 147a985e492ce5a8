//! Means and variances of a picture whose rows come in bands.

/// Of each channel over the pixels seen so far: the mean, and the sum of squared distances from it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Moments {
    pixels: f64,
    mean: Vec<f64>,
    m2: Vec<f64>,
}

impl Moments {
    /// Those of one band.
    pub fn new(pixels: usize, mean: &[f32], m2: &[f32]) -> Self {
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect();
        Self { pixels: pixels as f64, mean: wide(mean), m2: wide(m2) }
    }

    /// Takes in another band (Chan, Golub and LeVeque, 1979): with δ the distance of the means,
    /// `m2 = m2₁ + m2₂ + δ²·n₁·n₂ / n` and `mean = mean₁ + δ·n₂ / n`.
    pub fn merge(&mut self, other: &Self) {
        if self.pixels == 0.0 {
            *self = other.clone();
            return;
        }
        let all = self.pixels + other.pixels;
        for (channel, (mean, m2)) in self.mean.iter_mut().zip(&mut self.m2).enumerate() {
            let delta = other.mean[channel] - *mean;
            *mean += delta * other.pixels / all;
            *m2 += other.m2[channel] + delta * delta * self.pixels * other.pixels / all;
        }
        self.pixels = all;
    }

    /// Mean and `1 / √(variance + eps)` of groups of channels.
    pub fn of_groups(&self, groups: usize, eps: f32) -> [Vec<f32>; 2] {
        let size = self.mean.len() / groups;
        let group = |first: usize| {
            let channels = first * size..(first + 1) * size;
            let mean = self.mean[channels.clone()].iter().sum::<f64>() / size as f64;
            let between: f64 = self.mean[channels.clone()].iter().map(|m| (m - mean).powi(2)).sum();
            let within: f64 = self.m2[channels].iter().sum();
            let variance = (within + self.pixels * between) / (self.pixels * size as f64);
            (mean as f32, (1.0 / (variance + f64::from(eps)).sqrt()) as f32)
        };
        let (mean, rstd) = (0..groups).map(group).unzip();
        [mean, rstd]
    }
}

#[cfg(test)]
mod tests {
    use super::Moments;

    fn of(pixels: &[[f32; 2]]) -> Moments {
        let n = pixels.len() as f32;
        let mean = [0, 1].map(|c| pixels.iter().map(|p| p[c]).sum::<f32>() / n);
        let m2 = [0, 1].map(|c| pixels.iter().map(|p| (p[c] - mean[c]).powi(2)).sum::<f32>());
        Moments::new(pixels.len(), &mean, &m2)
    }

    #[test]
    fn bands_merge_into_the_whole() {
        let all = [[1.0, -4.0], [3.0, 0.5], [-2.0, 8.0], [0.0, 2.0], [7.0, 7.0]];
        let mut merged = Moments::default();
        for band in [0..1, 1..4, 4..5] {
            merged.merge(&of(&all[band]));
        }
        let close = |a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]| {
            a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-6)
        };
        assert!(close(&merged.of_groups(2, 1e-5), &of(&all).of_groups(2, 1e-5)));

        let flat: Vec<f32> = all.concat();
        let mean = flat.iter().sum::<f32>() / 10.0;
        let variance = flat.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 10.0;
        assert!(close(&merged.of_groups(1, 0.25), &[vec![mean], vec![1.0 / (variance + 0.25).sqrt()]]));
    }
}
