//! Electromagnetic fields (GB 8702).
