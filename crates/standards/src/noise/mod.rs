//! Noise (噪声).
