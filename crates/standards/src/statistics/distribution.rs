//! Normal and Student distributions, to about 1e-14: what the p values of trends need.

/// Two-sided p value of a standard normal `z`.
pub fn normal_two_sided(z: f64) -> f64 {
    upper_gamma_half(z * z / 2.0)
}

/// Regularised upper incomplete gamma Q(1/2, x) = erfc(√x).
fn upper_gamma_half(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    // ln Γ(1/2) = ln √π.
    let front = (-x + 0.5 * x.ln() - 0.5 * std::f64::consts::PI.ln()).exp();
    if x < 1.5 {
        // Series of the lower function.
        let (mut term, mut sum, mut a) = (2.0, 2.0, 0.5);
        for _ in 0..500 {
            a += 1.0;
            term *= x / a;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return 1.0 - front * sum;
    }
    // Continued fraction, modified Lentz.
    let tiny = 1e-300;
    let mut b = x + 0.5;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for step in 1..500 {
        let i = f64::from(step);
        let an = -i * (i - 0.5);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, tiny);
        c = nonzero(b + an / c, tiny);
        let change = d * c;
        h *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * h
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// Quantile of the standard normal distribution for `p` in 0..1 (exclusive), by bisection on [`normal_two_sided`].
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let tail = p.min(1.0 - p);
    let (mut low, mut high) = (0.0_f64, 40.0_f64);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if normal_two_sided(middle) / 2.0 > tail { low = middle } else { high = middle }
    }
    let z = (low + high) / 2.0;
    Some(if p < 0.5 { -z } else { z })
}

/// Two-sided p value of Student's t with `freedom` degrees of freedom.
pub fn student_two_sided(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// Regularised incomplete beta I_x(a, b).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let tiny = 1e-300;
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0), tiny);
    let mut h = d;
    for step in 1..1000 {
        let m = f64::from(step);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / nonzero(1.0 + numerator * d, tiny);
            c = nonzero(1.0 + numerator / c, tiny);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// ln Γ(x), x > 0: recursion up to 15, then Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points_of_the_distributions() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(normal_two_sided(1.959_963_984_540_054), 0.05);
        close(normal_two_sided(0.5), 0.617_075_077_451_974);
        close(normal_two_sided(5.0), 5.733_031_437_583_878e-7);
        close(normal_quantile(0.025).unwrap(), -1.959_963_984_540_054);
        // t(1) is Cauchy: P(|T| > 1) = 1/2; t(2): P(|T| > t) = 1 − t/√(t² + 2).
        close(student_two_sided(1.0, 1.0), 0.5);
        close(student_two_sided(3.0, 2.0), 1.0 - 3.0 / 11.0_f64.sqrt());
    }
}
