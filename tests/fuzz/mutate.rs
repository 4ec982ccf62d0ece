//! Inputs made from seeds: bits flipped, pieces dropped, doubled, mixed, and words of the format put
//! where they do not belong.

use fastrand::Rng;

/// No input is longer: what breaks a reader breaks it early.
const LONGEST: usize = 64 << 10;

pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
    rng: Rng,
}

impl Mutator {
    pub fn new(mut seeds: Vec<Vec<u8>>, words: &'static [&'static [u8]], seed: u64) -> Self {
        if seeds.is_empty() {
            seeds.push(Vec::new());
        }
        Self { seeds, words, rng: Rng::with_seed(seed) }
    }

    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.rng.choice(&self.seeds).unwrap().clone();
        for _ in 0..self.rng.usize(1..=6) {
            self.once(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.rng.usize(0..=length);
        // Mostly short.
        let most = if self.rng.u8(0..4) == 0 { length - from } else { (length - from).min(16) };
        (from, from + self.rng.usize(0..=most))
    }

    fn once(&mut self, input: &mut Vec<u8>) {
        let length = input.len();
        match self.rng.u8(0..9) {
            0 if length > 0 => {
                let at = self.rng.usize(..length);
                input[at] ^= 1 << self.rng.u8(0..8);
            }
            1 if length > 0 => {
                let at = self.rng.usize(..length);
                input[at] =
                    *self.rng.choice(&[0, 1, 9, 10, 27, 34, 92, 127, 128, 155, 255]).unwrap();
            }
            2 => {
                let (from, to) = self.range(length);
                input.drain(from..to);
            }
            3 => {
                let (from, to) = self.range(length);
                let piece = input[from..to].to_vec();
                let at = self.rng.usize(0..=length);
                input.splice(at..at, piece);
            }
            4 => {
                let other = self.rng.choice(&self.seeds).unwrap().clone();
                let (from, to) = self.range(other.len());
                let at = self.rng.usize(0..=length);
                input.splice(at..at, other[from..to].iter().copied());
            }
            5 => input.truncate(self.rng.usize(0..=length)),
            6 | 7 if !self.words.is_empty() => {
                let word = *self.rng.choice(self.words).unwrap();
                let (from, to) = self.range(length);
                let to = if self.rng.bool() { from } else { to };
                input.splice(from..to, word.iter().copied());
            }
            _ => {
                let at = self.rng.usize(0..=length);
                let byte = self.rng.u8(..);
                input.insert(at, byte);
            }
        }
    }
}
