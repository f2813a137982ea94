import Torch

/// Where the random numbers of one training step come from: a generator for each purpose, fixed by the
/// run's seed and the step, so that a resumed run draws the same.
struct StepRandomness {
  /// Keeps the streams of random numbers apart.
  enum Purpose: UInt64 { case presentation, attackedCoding, coding, placement }

  let seed: UInt64
  /// A step's index; for `.placement` the epoch's.
  let step: Int

  /// A new generator, at the beginning of its stream: asking twice gives the same numbers.
  func generator(_ purpose: Purpose) -> Generator {
    // PyTorch's generator takes 32 bits of the seed. An odd factor maps streams to them one to one, so that
    // no two steps of a run share a stream.
    Generator(seed: seed &+ 0x9E37_79B9_7F4A_7C15 &* (4 * UInt64(step) + purpose.rawValue + 1))
  }
}
